/** Listens on a port. A port that can't be used is a configuration error that names its variable. */
import type { FastifyInstance } from 'fastify';
import { ConfigError, type Port } from '../config/config.ts';
import { codeOf } from '../lib/errors.ts';

export type ListenResult = { outcome: 'listening'; address: string } | { outcome: 'skipped'; reason: string };

/**
 * Connections that wait until the event loop accepts them; the kernel allows 4,096 by default. Beyond Node's 511 their
 * handshake is dropped, and the sender tries again only after 1, 3, 7, … 63 seconds.
 */
const backlog = 4_096;

/** @throws ConfigError if a required port can't be used; the server is closed then */
export async function listenOn(
  server: FastifyInstance,
  { port, variable, optional }: Port,
  host: string,
): Promise<ListenResult> {
  try {
    return { outcome: 'listening', address: await server.listen({ port, host, backlog }) };
  } catch (thrown) {
    await server.close();
    const code = codeOf(thrown);
    if (!optional || code !== 'EADDRINUSE') throw configErrorFor(code, { port, variable, host }) ?? thrown;
    return {
      outcome: 'skipped',
      reason: `port ${port} is taken by another process and left out: set ${variable} if it is needed`,
    };
  }
}

function configErrorFor(
  code: string,
  { port, variable, host }: Pick<Port, 'port' | 'variable'> & { host: string },
): ConfigError | undefined {
  switch (code) {
    case 'EADDRINUSE':
      return new ConfigError([`${variable}: port ${port} is taken by another process; set ${variable} to a free port`]);
    case 'EACCES':
      return new ConfigError([`${variable}: this process may not listen on port ${port}; take one above 1023`]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError([`HOST: ${host} is no address of this machine; 0.0.0.0 stands for all of its addresses`]);
    default:
      return undefined;
  }
}
