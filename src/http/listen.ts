/** Listens on a port; what stands in the way is a mistake in the configuration, named with its variable. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ConfigError, type Port } from '../config/config.ts';

/**
 * @returns the address, or why the port was left out
 * @throws ConfigError where a port that is needed can't be had; the server is closed then
 */
export async function listenOn(
  server: FastifyInstance,
  wanted: Port,
  host: string,
): Promise<{ address: string } | { leftOut: string }> {
  try {
    return { address: await server.listen({ port: wanted.port, host }) };
  } catch (thrown) {
    await server.close();
    const code = codeOf(thrown);
    if (!wanted.optional || code !== 'EADDRINUSE') throw cannotListen(wanted, host, code) ?? thrown;
    const { port, variable } = wanted;
    return { leftOut: `port ${port} is taken by another process and left out: set ${variable} if it is needed` };
  }
}

function codeOf(thrown: unknown): string | undefined {
  const coded = z.looseObject({ code: z.string() }).safeParse(thrown);
  return coded.success ? coded.data.code : undefined;
}

function cannotListen({ port, variable }: Port, host: string, code: string | undefined): ConfigError | undefined {
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
