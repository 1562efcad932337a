/** Why a port can't be had, said as the mistake in the configuration that it is. */
import { z } from 'zod';
import { ConfigError, type Port } from '../config/config.ts';

/** @returns the system's code of what was thrown, where it has one */
export function codeOf(thrown: unknown): string | undefined {
  const coded = z.looseObject({ code: z.string() }).safeParse(thrown);
  return coded.success ? coded.data.code : undefined;
}

/** @returns undefined where the reason is another one */
export function cannotListen(
  { port, variable }: Port,
  host: string,
  code: string | undefined,
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
