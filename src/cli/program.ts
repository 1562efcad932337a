/**
 * Defines the `ctk` command line. A command is loaded when it is typed: the service, the clients and the schemas take most of a
 * second to load, and the list of commands needs none of them.
 */
import { Command } from 'commander';
import { version } from '../app/version.ts';
import type { ExitState, Terminal } from './output/terminal.ts';

interface CommandEntry {
  name: string;
  /** What the list of commands shows after the name. */
  usage?: string;
  description: string;
  load(): Promise<{ define(command: Command, terminal: Terminal, exitState: ExitState): void }>;
}

const entries: readonly CommandEntry[] = [
  {
    name: 'serve',
    description: 'run the service: realtime at POST /, bulk at /sync, until SIGTERM',
    load: () => import('./commands/serve.ts'),
  },
  {
    name: 'sync',
    usage: '[options] <resource>',
    description: 'sync all of a resource, or some of it, and show how far it is',
    load: () => import('./commands/sync.ts'),
  },
  {
    name: 'dead-letters',
    description: 'failed deliveries',
    load: () => import('./commands/dead-letters.ts'),
  },
  {
    name: 'find',
    usage: '[options] <text>',
    description: 'what became of a record: one sentence, then deliveries, dead letters and what Klaviyo has recorded',
    load: () => import('./commands/find.ts'),
  },
  {
    name: 'explain',
    usage: '[options] <type> <id>',
    description: 'what would be sent of a record, by which rule and from which fields; nothing is sent',
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'migrate-check',
    usage: '[options] [file]',
    description: 'say what becomes of an environment of the open-source plugin; values are not shown',
    load: () => import('./commands/migrate-check.ts'),
  },
  {
    name: 'runs',
    description: 'bulk syncs, wherever they are worked off: how far, and how they ended',
    load: () => import('./commands/runs.ts'),
  },
  {
    name: 'watch',
    description: 'a live view of runs and dead letters until Ctrl-C; on a pipe one snapshot',
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'subscriptions',
    description: 'the commercetools subscriptions that the enabled rules need',
    load: () => import('./commands/subscriptions.ts'),
  },
  {
    name: 'job',
    usage: '[options]',
    description: 'run as a job of commercetools Connect: each request executes the stored runs, until SIGTERM',
    load: () => import('./commands/job.ts'),
  },
  {
    name: 'connect',
    description: 'what commercetools Connect runs by itself (connect.yaml)',
    load: () => import('./commands/connect.ts'),
  },
  {
    name: 'check',
    usage: '[options]',
    description:
      'look at both keys and their scopes, clocks, subscriptions, metrics, catalogue and settings; exit code 1 on a problem',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'init',
    usage: '[options]',
    description:
      'ask for the keys, try them, write a file of variables, and make the subscriptions if you agree; the secrets come from KLAVIYO_AUTH_KEY and CTP_CLIENT_SECRET where they are set',
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'sandbox',
    usage: '[options...]',
    description: 'start the local sandbox with demo data: mock APIs and the real service; --help lists its options',
    load: () => import('./commands/sandbox.ts'),
  },
  {
    name: 'config',
    description: 'print what is in force, secrets as ***, and when syncs start by themselves',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'completion',
    usage: '<shell>',
    description: 'print a script that completes ctk in a shell: put it where the shell finds it',
    load: () => import('./commands/completion.ts'),
  },
];

/** @param args the typed words; without them every command is loaded, as for the docs */
export async function createProgram(
  terminal: Terminal,
  exitState: ExitState,
  args?: readonly string[],
): Promise<Command> {
  const program = new Command('ctk')
    .description(
      'Syncs commercetools customers, orders and catalog to Klaviyo. Configured by environment variables and a settings file (docs/configuration.md).',
    )
    .version(version)
    // Not --env-file, which Node consumes at any position.
    .option('--env <file>', 'read variables from this file instead of .env; variables that are set already win')
    .option('--sandbox', 'talk to the sandbox that runs in this folder, whatever variables are set')
    .hook('preAction', async (rootCommand) => {
      const files = await import('../config/env/env-files.ts');
      const { env, sandbox } = rootCommand.opts<{ env?: string; sandbox?: true }>();
      if (sandbox) files.useSandboxEnvironment();
      else if (env !== undefined) files.loadEnvironment(env);
      else if (files.loadDefaultEnvironment()) terminal.problem('variables read from .env');
    })
    .exitOverride()
    .showHelpAfterError('(ctk --help lists the commands)');
  const isNeeded = ({ name }: CommandEntry) => args === undefined || args.includes(name) || args.includes('completion');
  for (const entry of entries) {
    const command = program.command(entry.name).description(entry.description);
    if (isNeeded(entry)) (await entry.load()).define(command, terminal, exitState);
    else if (entry.usage) command.arguments(entry.usage);
  }
  return program;
}
