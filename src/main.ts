#!/usr/bin/env node
/** The `ctk` command line; the only place that exits the process. */
import { CommanderError } from 'commander';
import { CommandFailed, createTerminal, type Ran } from './cli/output/terminal.ts';
import { createProgram } from './cli/program.ts';
import { CommercetoolsError } from './commercetools/errors.ts';
import { ConfigError } from './config/config.ts';

const terminal = createTerminal();
const ran: Ran = { code: 0 };

try {
  await createProgram(terminal, ran).parseAsync();
} catch (thrown) {
  ran.code = thrown instanceof CommanderError && thrown.exitCode === 0 ? 0 : 1;
  for (const line of linesOf(thrown)) terminal.problem(line);
}
// What was printed arrives first; then a pooled connection must not keep a finished command alive.
await new Promise((resolve) => process.stdout.write('', resolve));
process.exit(ran.code);

function linesOf(thrown: unknown): readonly string[] {
  if (thrown instanceof ConfigError)
    return [
      `${thrown.message}:`,
      ...thrown.problems.map((problem) => `  - ${problem}`),
      'ctk --help and docs/configuration.md say more.',
    ];
  if (thrown instanceof CommandFailed) return thrown.lines;
  if (thrown instanceof CommercetoolsError) return [thrown.message, 'ctk check tells what is missing.'];
  if (thrown instanceof CommanderError) return [];
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE')
    return [`${thrown.message}: another process listens there; set PORT to a free port.`];
  return [`failed by our own fault: ${thrown instanceof Error ? thrown.stack : String(thrown)}`];
}
