/** Finds a free port for a process that needs one before it starts. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that systems give to outgoing connections: one of these may be taken before the process listens. */
const from = 15_000;
const below = 32_000;

/** @returns a port of this machine that nobody listened on a moment ago */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer();
    const port = randomInt(from, below);
    server.listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (free) return port;
  }
}
