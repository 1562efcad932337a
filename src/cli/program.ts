/** The `ctk` command line: what can be typed, and what it does. */
import { Command } from 'commander';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import { createApp, version } from '../app.ts';
import { destinationKindNames, destinationKinds } from '../commercetools/destinations.ts';
import { bulkResources } from '../commercetools/types.ts';
import { type Config, processEnvironment, readConfig, showConfig } from '../config/config.ts';
import { nextTimes } from '../engine/schedule.ts';
import { buildJobServer } from '../server/job-server.ts';
import { check } from './check.ts';
import { postDeploy, preUndeploy } from './connect.ts';
import { addDeadLetters } from './dead-letter-commands.ts';
import { addMigrateCheck } from './migrate-check.ts';
import { apply, type PlanOptions, plan, removalOf, show } from './subscriptions.ts';
import { type SyncOptions, sync } from './sync.ts';
import type { Terminal } from './terminal.ts';

/** Exit codes: 0 done, 1 failed or stopped, with the reason on standard error. */
export type ExitCode = 0 | 1;

export interface Ran {
  code: ExitCode;
}

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
    .exitOverride()
    .showHelpAfterError('(ctk --help lists the commands)');

  program
    .command('serve')
    .description('run the service: realtime at POST /, bulk at /sync, until SIGTERM')
    .action(async () => {
      const config = configured();
      const app = createApp(config, createLog(config.logLevel, terminal));
      await app.start();
      // A second one finds nobody listening and ends the process at once.
      const signal = await nextSignal();
      app.activity.tell({ what: 'stopping', reason: signal });
      await app.stop();
    });

  program
    .command('sync')
    .description('sync all of a resource, or some of it, and show how far it is')
    .argument('<resource>', bulkResources.join(', '))
    .option('--ids <ids>', 'only these, parted by commas')
    .option('--start-id <id>', 'orders only: from this id on, in id order')
    .option('--since <time>', 'only what changed since: ISO 8601, or `last` for when the last complete sync began')
    .option('--resume', 'go on from where the last sync was stopped')
    .option('--delete-all', 'categories and products only: delete all of them in Klaviyo')
    .option('--confirm <resource>', 'goes with --delete-all: repeat the resource')
    .option('--force', 'write also what Klaviyo holds already')
    .option('--no-backfill', 'orders only: let the events wake flows (a repair of missed orders)')
    .action(async (name: string, options: SyncOptions, command: Command) => {
      const resource = bulkResources.find((one) => one === name);
      if (!resource)
        return command.error(`error: there is no resource ${name}; take one of ${bulkResources.join(', ')}`);
      const config = configured();
      const app = createApp(config, createLog(quieter(config.logLevel), terminal), { from: 'here' });
      const stopped = new AbortController();
      void nextSignal().then(() => stopped.abort());
      const run = await sync(app, { resource, options, signal: stopped.signal, terminal });
      await app.stop();
      ran.code = run.state === 'completed' ? 0 : 1;
    });

  addDeadLetters(program, terminal, ran);
  addMigrateCheck(program, terminal, ran);

  const subscriptions = program
    .command('subscriptions')
    .description('the commercetools subscriptions that the enabled rules need');
  const destined = (command: Command) => {
    for (const kind of destinationKindNames) command.option(`--${kind} <destination>`, destinationKinds[kind].form);
    return command.option('--renew', 'send the destination again: its secrets changed');
  };
  destined(subscriptions.command('plan'))
    .description('show what would be created, updated, removed')
    .action(async (options: PlanOptions) => {
      const parts = { ...connected(), terminal };
      show(parts, await plan(parts, options));
    });
  destined(subscriptions.command('apply'))
    .description('make it so; a second time there is nothing to do')
    .action(async (options: PlanOptions) => {
      const parts = { ...connected(), terminal };
      await apply(parts, await plan(parts, options));
    });
  subscriptions
    .command('remove')
    .description('remove those of this environment (CTK_ENVIRONMENT); others are never touched')
    .action(async () => {
      const parts = { ...connected(), terminal };
      await apply(parts, await removalOf(parts));
    });

  program
    .command('job')
    .description('run as a job of commercetools Connect: each POST syncs everything, until SIGTERM')
    .action(async () => {
      const config: Config = { ...configured(), runs: 'here', bulk: true };
      const app = createApp(config, createLog(config.logLevel, terminal));
      app.runs.open();
      const stopped = new AbortController();
      const server = buildJobServer({ runs: app.runs, signal: stopped.signal });
      await server.listen({ port: config.ports[0]?.port ?? 0, host: config.host });
      const signal = await nextSignal();
      app.activity.tell({ what: 'stopping', reason: signal });
      stopped.abort();
      await app.stop();
      await server.close();
    });

  const connect = program.command('connect').description('what commercetools Connect runs by itself (connect.yaml)');
  connect
    .command('post-deploy')
    .description('make the subscriptions that deliver to the topic of this deployment')
    .action(() => postDeploy({ ...connected(), terminal }));
  connect
    .command('pre-undeploy')
    .description('remove them')
    .action(() => preUndeploy({ ...connected(), terminal }));

  program
    .command('check')
    .description('try the key and the client against both APIs and name what is missing')
    .action(async () => {
      const config = configured();
      const { commercetools, klaviyo } = createApp(config, pino({ level: 'silent' }));
      ran.code = (await check({ config, commercetools, klaviyo, terminal })) ? 0 : 1;
      await klaviyo.close();
    });

  program
    .command('config')
    .description('print what is in force, secrets as ***, and when syncs start by themselves')
    .action(() => {
      const config = configured();
      const nextSyncs = nextTimes(config.settings.schedule, new Date());
      terminal.line(JSON.stringify({ ...showConfig(processEnvironment(), config), nextSyncs }, undefined, 2));
    });

  return program;
}

function configured(): Config {
  return readConfig(processEnvironment());
}

function connected() {
  const config = configured();
  return { config, client: createApp(config, pino({ level: 'silent' })).commercetools };
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
