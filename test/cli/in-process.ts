/** The `ctk` command line in the test's own process: starting a process for each command takes seconds. */
import { CommanderError } from 'commander';
import { errorLines } from '../../src/cli/output/error-lines.ts';
import { createTerminal, type ExitState } from '../../src/cli/output/terminal.ts';
import { createProgram } from '../../src/cli/program.ts';
import type { Ended, Env } from '../program.ts';
import { assertPresentable } from './ctk.ts';

/** Runs one command at a time, with this environment instead of the process's own. Errors are printed as main.ts does. */
export async function ctkInProcess(args: readonly string[], env: Env = {}): Promise<Ended> {
  const original = process.env;
  const exitState: ExitState = { code: 0 };
  let [out, err] = ['', ''];
  const line = (text = '') => {
    out += `${text}\n`;
  };
  const terminal = {
    ...createTerminal(),
    line,
    json: (value: unknown) => line(JSON.stringify(value, undefined, 2)),
    problem: (text: string) => {
      err += `${text}\n`;
    },
    interactive: false,
  };
  process.env = { PATH: original.PATH, NODE_CONFIG_DIR: '/nowhere', ...env };
  try {
    const program = await createProgram(terminal, exitState, args);
    await program.parseAsync(args, { from: 'user' });
  } catch (thrown) {
    exitState.code = 1;
    for (const text of thrown instanceof CommanderError ? [thrown.message] : await errorLines(thrown))
      terminal.problem(text);
  } finally {
    process.env = original;
  }
  const ended = { code: exitState.code, out, err };
  assertPresentable(ended);
  return ended;
}
