/** Frames of Kafka's protocol: 4 bytes of length, then the request or answer. */

/** One direction of one connection; @returns the whole frames among the bytes so far, each with its length */
export function createSplitter(): (bytes: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const whole: Buffer[] = [];
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      whole.push(Buffer.from(rest.subarray(0, end)));
      rest = rest.subarray(end);
    }
    return whole;
  };
}

export interface BrokerAddress {
  host: string;
  port: number;
}

/** Puts another address wherever the frame names that one; the names are equally long, so that the frame's length stays. */
export function readdress(frame: Buffer, named: BrokerAddress, instead: BrokerAddress): void {
  const [from, to] = [addressBytes(named), addressBytes(instead)];
  for (let at = frame.indexOf(from); at >= 0; at = frame.indexOf(from, at + to.length)) to.copy(frame, at);
}

function addressBytes({ host, port }: BrokerAddress): Buffer {
  const bytes = Buffer.alloc(host.length + 4);
  bytes.write(host);
  bytes.writeInt32BE(port, host.length);
  return bytes;
}
