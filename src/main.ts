#!/usr/bin/env node
/** Entry point of `ctk`; the only place that exits the process. */
import { setFlagsFromString } from 'node:v8';
import { CommanderError } from 'commander';
import { invocationIn, withInvocation } from './cli/output/invocation.ts';
import { CommandError, createTerminal, type ExitState } from './cli/output/terminal.ts';
import { createProgram } from './cli/program.ts';
import { processEnvironment } from './config/process-environment.ts';
import { LookupUnavailable } from './lib/errors.ts';

// The only WebAssembly is undici's parser of HTTP. V8's optimising compiler takes 10 MB for it that are never returned, and
// the parser is no faster.
for (const flag of ['--liftoff-only', '--no-wasm-tier-up']) setFlagsFromString(flag);

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
  for (const line of await linesOf(thrown)) terminal.problem(line);
}
// Flushes the output first. Exits explicitly, because pooled connections would keep the process alive.
await Promise.all([terminal.logOutput.flush(flushMs), new Promise((resolve) => process.stdout.write('', resolve))]);
process.exit(exitState.code);

function commandNames(): string[] {
  return program.commands.map((command) => command.name());
}

async function linesOf(thrown: unknown): Promise<readonly string[]> {
  if (thrown instanceof CommanderError) return [];
  const { ConfigError } = await import('./config/config.ts');
  const { CommercetoolsError } = await import('./commercetools/errors.ts');
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
