/** Defines the `ctk` command line. */
import { Command } from 'commander';
import { version } from '../app/version.ts';
import {
  defaultEnvironmentFile,
  loadDefaultEnvironment,
  loadEnvironment,
  useSandboxEnvironment,
} from '../config/env/env-files.ts';
import { addCheck } from './commands/check.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addConnect } from './commands/connect.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addExplain } from './commands/explain.ts';
import { addFind } from './commands/find.ts';
import { addInit } from './commands/init.ts';
import { addJob } from './commands/job.ts';
import { addMigrateCheck } from './commands/migrate-check.ts';
import { addRuns } from './commands/runs.ts';
import { addSandbox } from './commands/sandbox.ts';
import { addServe } from './commands/serve.ts';
import { addSubscriptions } from './commands/subscriptions.ts';
import { addSync } from './commands/sync.ts';
import { addWatch } from './commands/watch.ts';
import type { ExitState, Terminal } from './output/terminal.ts';

export function createProgram(terminal: Terminal, exitState: ExitState): Command {
  const program = new Command('ctk')
    .description(
      'Syncs commercetools customers, orders and catalog to Klaviyo. Configured by environment variables and a settings file (docs/configuration.md).',
    )
    .version(version)
    // Not --env-file, which Node consumes at any position.
    .option(
      '--env <file>',
      `read variables from this file instead of ${defaultEnvironmentFile}; variables that are set already win`,
    )
    .option('--sandbox', 'talk to the sandbox that runs in this folder, whatever variables are set')
    .hook('preAction', (rootCommand) => {
      const { env, sandbox } = rootCommand.opts<{ env?: string; sandbox?: true }>();
      if (sandbox) useSandboxEnvironment();
      else if (env !== undefined) loadEnvironment(env);
      else if (loadDefaultEnvironment()) terminal.problem(`variables read from ${defaultEnvironmentFile}`);
    })
    .exitOverride()
    .showHelpAfterError('(ctk --help lists the commands)');

  addServe(program, terminal);
  addSync(program, terminal, exitState);
  addDeadLetters(program, terminal, exitState);
  addFind(program, terminal, exitState);
  addExplain(program, terminal);
  addMigrateCheck(program, terminal, exitState);

  addRuns(program, terminal, exitState);
  addWatch(program, terminal);
  addSubscriptions(program, terminal);

  addJob(program, terminal);
  addConnect(program, terminal);
  addCheck(program, terminal, exitState);
  addInit(program, terminal);
  addSandbox(program, exitState);

  addConfig(program, terminal);
  addCompletion(program, terminal);

  return program;
}
