/** What a command that failed prints. */
import { CommanderError } from 'commander';
import { LookupUnavailable } from '../../lib/errors.ts';
import { CommandError } from './terminal.ts';

/** @returns nothing where Commander has printed it already. Loads what knows the errors only now: `--help` needs none of it. */
export async function errorLines(thrown: unknown): Promise<readonly string[]> {
  if (thrown instanceof CommanderError) return [];
  const { ConfigError } = await import('../../config/config.ts');
  const { CommercetoolsError } = await import('../../commercetools/errors.ts');
  if (thrown instanceof ConfigError)
    return [
      `${thrown.message}:`,
      ...thrown.problems.map((problem) => `  - ${problem}`),
      'ctk --help and docs/configuration.md say more.',
    ];
  if (thrown instanceof CommandError) return thrown.lines;
  if (thrown instanceof CommercetoolsError) return [thrown.message, 'Run ctk check to find what is missing.'];
  if (thrown instanceof LookupUnavailable) return [`not now: ${thrown.message}`];
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE')
    return [`${thrown.message}: another process listens there; set PORT to a free port.`];
  return [`internal error: ${thrown instanceof Error ? thrown.stack : String(thrown)}`];
}
