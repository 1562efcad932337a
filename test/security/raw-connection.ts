/** A connection that sends what HTTP clients do not: headers without a body, half a body, bytes one by one. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawConnection {
  socket: Socket;
  write(text: string): void;
  /** What the service has answered so far. */
  answer(): string;
  /** The status of the first answer, once it is there; 0 if the connection ends without one. */
  status(): Promise<number>;
  closed: Promise<void>;
}

export async function openRaw(service: string, text = ''): Promise<RawConnection> {
  const { hostname, port } = new URL(service);
  const socket = connect(Number(port), hostname);
  let received = '';
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
  });
  const parsed = () => /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1];
  const answered = new Promise<void>((resolve) => {
    socket.on('data', () => parsed() === undefined || resolve());
  });
  await once(socket, 'connect');
  if (text !== '') socket.write(text);
  return {
    socket,
    write: (more) => void (socket.writable && socket.write(more)),
    answer: () => received,
    async status() {
      await Promise.race([answered, closed]);
      return Number(parsed() ?? 0);
    },
    closed,
  };
}

/** The head of a request with a body of this length. */
export function head(method: string, path: string, length: number, headers: Record<string, string> = {}): string {
  const all = { host: '127.0.0.1', 'content-type': 'application/json', 'content-length': String(length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}
