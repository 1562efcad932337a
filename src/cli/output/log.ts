/** Creates the log of a command: JSON lines, or readable lines in a terminal. */
import pino, { type Logger } from 'pino';
import type { Terminal } from './terminal.ts';

/** @param level a pino level */
export async function createLog(level: string, { interactive, colors, logOutput }: Terminal): Promise<Logger> {
  if (!interactive) return pino({ level }, logOutput);
  const { default: pretty } = await import('pino-pretty');
  return pino({ level }, pretty({ colorize: colors.isColorSupported, ignore: 'pid,hostname' }));
}
