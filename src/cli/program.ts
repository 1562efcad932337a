/** The `ctk` command line: what can be typed, and what it does. */
import { Command } from 'commander';
import { version } from '../app/version.ts';
import { loadEnvironment } from '../config/config.ts';
import { addCheck } from './commands/check.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addConnect } from './commands/connect.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addExplain } from './commands/explain.ts';
import { addInit } from './commands/init.ts';
import { addJob } from './commands/job.ts';
import { addMigrateCheck } from './commands/migrate-check.ts';
import { addRuns } from './commands/runs.ts';
import { addSandbox } from './commands/sandbox.ts';
import { addServe } from './commands/serve.ts';
import { addSubscriptions } from './commands/subscriptions.ts';
import { addSync } from './commands/sync.ts';
import type { Ran, Terminal } from './output/terminal.ts';

/**
 * @param terminal where commands print
 * @param ran what main.ts exits with
 */
export function createProgram(terminal: Terminal, ran: Ran): Command {
  const program = new Command('ctk')
    .description(
      'Keeps Klaviyo in step with commercetools. Configured by environment variables and a settings file (docs/configuration.md).',
    )
    .version(version)
    // Node takes --env-file for itself, wherever it stands.
    .option('--env <file>', 'read variables from a file first, as ctk init writes it; those that are set win')
    .hook('preAction', (whole) => {
      const { env } = whole.opts<{ env?: string }>();
      if (env !== undefined) loadEnvironment(env);
    })
    .exitOverride()
    .showHelpAfterError('(ctk --help lists the commands)');

  addServe(program, terminal);
  addSync(program, terminal, ran);
  addDeadLetters(program, terminal, ran);
  addExplain(program, terminal);
  addMigrateCheck(program, terminal, ran);

  addRuns(program, terminal, ran);
  addSubscriptions(program, terminal);

  addJob(program, terminal);
  addConnect(program, terminal);
  addCheck(program, terminal, ran);
  addInit(program, terminal);
  addSandbox(program, ran);

  addConfig(program, terminal);
  addCompletion(program, terminal);

  return program;
}
