/** The `ctk` command line: what can be typed, and what it does. */
import { Argument, Command } from 'commander';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import { createApp, version } from '../app/components.ts';
import { bulkResources } from '../commercetools/schemas.ts';
import { type Config, loadEnvironment, processEnvironment, showConfig } from '../config/config.ts';
import { nextTimes } from '../engine/runs/scheduler.ts';
import { buildJobServer } from '../http/job-server.ts';
import { addCheck } from './commands/check-command.ts';
import { addCompletion } from './commands/completion-command.ts';
import { addDeadLetters } from './commands/dead-letter-commands.ts';
import { addExplain } from './commands/explain.ts';
import { addInit } from './commands/init-command.ts';
import { addMigrateCheck } from './commands/migrate-check.ts';
import { addRuns } from './commands/run-commands.ts';
import { addSandbox } from './commands/sandbox-command.ts';
import { addConnect, addSubscriptions } from './commands/subscription-commands.ts';
import { type SyncOptions, sync } from './commands/sync.ts';
import { type Ran, silent, type Terminal } from './output/terminal.ts';
import { configured } from './with-services.ts';

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

  program
    .command('serve')
    .description('run the service: realtime at POST /, bulk at /sync, until SIGTERM')
    .action(async () => {
      // From the first moment: what is told to stop while it starts stops in order as well.
      const stop = nextSignal();
      const config = configured();
      const app = createApp(config, createLog(config.logLevel, terminal));
      await app.start();
      const signal = await stop;
      app.activity.tell({ what: 'stopping', reason: signal });
      await app.stop();
    });

  const resource = new Argument('<resource>', 'what is synced');
  // Only said: what else is typed is answered in our own words.
  resource.argChoices = [...bulkResources];
  program
    .command('sync')
    .description('sync all of a resource, or some of it, and show how far it is')
    .addArgument(resource)
    .option('--ids <ids>', 'only these, parted by commas')
    .option('--start-id <id>', 'orders only: from this id on, in id order')
    .option('--since <time>', 'only what changed since: ISO 8601, or `last` for when the last complete sync began')
    .option('--resume', 'go on from where the last sync was stopped')
    .option('--delete-all', 'categories and products only: delete all of them in Klaviyo')
    .option('--confirm <resource>', 'goes with --delete-all: repeat the resource')
    .option('--force', 'write also what Klaviyo holds already')
    .option('--no-backfill', 'orders only: let the events wake flows (a repair of missed orders)')
    .option('--json', 'no progress; the run as it ended, as JSON')
    .action(async (name: string, options: SyncOptions & { json?: true }, command: Command) => {
      const resource = bulkResources.find((one) => one === name);
      if (!resource)
        return command.error(`error: there is no resource ${name}; take one of ${bulkResources.join(', ')}`);
      const config = configured();
      const app = createApp(config, createLog(quieter(config.logLevel), terminal), { from: 'here' });
      const stopped = new AbortController();
      void nextSignal().then(() => stopped.abort());
      await app.trace();
      const shown = options.json ? silent(terminal) : terminal;
      const run = await sync(app, { resource, options, signal: stopped.signal, terminal: shown });
      await app.stop();
      if (options.json) terminal.json(run);
      ran.code = run.state === 'completed' ? 0 : 1;
    });

  addDeadLetters(program, terminal, ran);
  addExplain(program, terminal);
  addMigrateCheck(program, terminal, ran);

  addRuns(program, terminal, ran);
  addSubscriptions(program, terminal);

  program
    .command('job')
    .description('run as a job of commercetools Connect: each POST syncs everything, until SIGTERM')
    .action(async () => {
      const stop = nextSignal();
      const config: Config = { ...configured(), runs: 'here', bulk: true };
      const app = createApp(config, createLog(config.logLevel, terminal));
      await app.trace();
      app.runs.open();
      const stopped = new AbortController();
      const server = buildJobServer({ runs: app.runs, signal: stopped.signal });
      await server.listen({ port: config.ports[0]?.port ?? 0, host: config.host });
      const signal = await stop;
      app.activity.tell({ what: 'stopping', reason: signal });
      stopped.abort();
      await app.stop();
      await server.close();
    });

  addConnect(program, terminal);
  addCheck(program, terminal, ran);
  addInit(program, terminal);
  addSandbox(program, ran);

  program
    .command('config')
    .description('print what is in force, secrets as ***, and when syncs start by themselves')
    .action(() => {
      const config = configured();
      const nextSyncs = nextTimes(config.settings.schedule, new Date());
      terminal.json({ ...showConfig(processEnvironment(), config), nextSyncs });
    });

  addCompletion(program, terminal);

  return program;
}

/** Lines of JSON; for a person at a terminal, readable ones. */
function createLog(level: string, { interactive, colors }: Terminal): Logger {
  if (!interactive) return pino({ level });
  return pino({ level }, pretty({ colorize: colors.isColorSupported, ignore: 'pid,hostname' }));
}

/** The progress bar says what a run's log would. */
function quieter(level: string): string {
  return level === 'info' ? 'error' : level;
}

/** A second signal finds nobody listening, and ends the process at once. */
function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const signals = ['SIGTERM', 'SIGINT'] as const;
    const heard = (signal: string) => {
      for (const one of signals) process.off(one, heard);
      resolve(signal);
    };
    for (const one of signals) process.on(one, heard);
  });
}
