/** A port for a process that has to be told one before it starts. */
import { type AddressInfo, createServer } from 'node:net';

/** @returns a port of this machine that nobody listened on a moment ago */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
