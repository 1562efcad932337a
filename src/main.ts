#!/usr/bin/env node
/** Entry point of `ctk`; the only place that exits the process. */
import { CommanderError } from 'commander';
import { errorLines } from './cli/output/error-lines.ts';
import { invocationIn, withInvocation } from './cli/output/invocation.ts';
import { createTerminal, type ExitState } from './cli/output/terminal.ts';
import { createProgram } from './cli/program.ts';
import { processEnvironment } from './config/process-environment.ts';
import { setV8Flags } from './lib/v8-flags.ts';

setV8Flags();

/** A reader that has stopped must not keep the process. */
const flushMs = 2_000;
const invocation = invocationIn(processEnvironment());
const terminal = createTerminal((text) => withInvocation(text, invocation, commandNames()));
// Without a reader, as of `ctk … | head`, or on a full disk the rest is not printed; that is no failure of the command.
process.stdout.on('error', () => undefined);
const exitState: ExitState = { code: 0 };
const program = await createProgram(terminal, exitState, process.argv.slice(2));

try {
  await program.parseAsync();
} catch (thrown) {
  exitState.code = thrown instanceof CommanderError && thrown.exitCode === 0 ? 0 : 1;
  for (const line of await errorLines(thrown)) terminal.problem(line);
}
// Flushes the output first. Exits explicitly, because pooled connections would keep the process alive.
await Promise.all([terminal.logOutput.flush(flushMs), new Promise((resolve) => process.stdout.write('', resolve))]);
process.exit(exitState.code);

function commandNames(): string[] {
  return program.commands.map((command) => command.name());
}
