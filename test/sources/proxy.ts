/** A TCP proxy that can be cut: what a network does to a broker's client. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** Ends every connection and lets nobody in, until `mend`. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** One direction of one connection; @returns what goes on in place of the bytes */
export type Rewrite = (bytes: Buffer) => Buffer;

export interface Rewriting {
  toServer: Rewrite;
  toClient: Rewrite;
}

const asItIs = (): Rewriting => ({ toServer: (bytes) => bytes, toClient: (bytes) => bytes });

/** @param rewriting made once for each connection; gets the proxy's own port */
export async function startProxy(
  targetPort: number,
  rewriting: (ownPort: number) => Rewriting = asItIs,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) return client.destroy();
    const upstream = connect(targetPort, '127.0.0.1');
    const { toServer, toClient } = rewriting(port);
    for (const [from, to, rewrite] of [
      [client, upstream, toServer],
      [upstream, client, toClient],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes: Buffer) => to.write(rewrite(bytes)));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    cut() {
      isCut = true;
      end();
    },
    mend() {
      isCut = false;
    },
    async stop() {
      end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
