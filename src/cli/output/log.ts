/** Creates the log of a command: JSON lines, or readable lines in a terminal. */
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Terminal } from './terminal.ts';

/** @param level a pino level */
export function createLog(level: string, { interactive, colors, logOutput }: Terminal): Logger {
  if (!interactive) return pino({ level }, logOutput);
  return pino({ level }, pretty({ colorize: colors.isColorSupported, ignore: 'pid,hostname' }));
}
