/** `ctk subscriptions`: what the enabled rules need, compared with what is there, and made so. */
import type { Command } from 'commander';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import {
  type DestinationKind,
  type DestinationSecrets,
  destinationKindNames,
  destinationKinds,
  parseDestination,
} from '../../commercetools/subscriptions/destinations.ts';
import {
  applyStep,
  listSubscriptions,
  type PlanStep,
  planSubscriptions,
  type SubscriptionDraft,
} from '../../commercetools/subscriptions/subscriptions.ts';
import type { Config } from '../../config/config.ts';
import { managedKeys, requiredSubscriptions } from '../../rules/required-subscriptions.ts';
import { CommandFailed, type Terminal } from '../output/terminal.ts';
import { connected } from '../with-services.ts';

const renewal = 'send the destination again: its secrets changed';

export function addSubscriptions(program: Command, terminal: Terminal): void {
  const subscriptions = program
    .command('subscriptions')
    .description('the commercetools subscriptions that the enabled rules need');
  withDestination(subscriptions.command('plan'))
    .option('--renew', renewal)
    .description('show what would be created, updated, removed')
    .option('--json', 'the steps as JSON')
    .action(async ({ json, ...options }: PlanOptions & { json?: true }) => {
      const parts = { ...connected(), terminal };
      const steps = await plan(parts, options);
      if (json) terminal.json(steps.map(dataOf));
      else show(parts, steps);
    });
  withDestination(subscriptions.command('apply'))
    .option('--renew', renewal)
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
}

/** A step without its destination, which holds secrets. */
function dataOf(step: PlanStep) {
  switch (step.action) {
    case 'create':
    case 'replace': {
      const { key, messages, changes } = step.draft;
      return { do: step.action, key, messages, changes };
    }
    case 'update':
      return { do: step.action, key: step.key, actions: step.actions.map(({ action }) => action) };
    default:
      return { do: step.action, key: step.key, status: step.existing.status };
  }
}

/** Adds an option for each kind of destination. */
export function withDestination(command: Command): Command {
  for (const kind of destinationKindNames) command.option(`--${kind} <destination>`, destinationKinds[kind].form);
  return command;
}

export interface SubscriptionParts {
  client: CommercetoolsClient;
  config: Config;
  terminal: Terminal;
}

/** The options of `plan` and `apply`: one destination, and whether to send it again. */
export type PlanOptions = Partial<Record<DestinationKind, string>> & { renew?: boolean };

/** @throws CommandFailed where not exactly one destination is named, or it is none */
function destinationOf(options: PlanOptions, secrets: DestinationSecrets): SubscriptionDraft['destination'] {
  const named = destinationKindNames.flatMap((kind) => {
    const said = options[kind];
    return said === undefined ? [] : [{ kind, said }];
  });
  const [only] = named;
  if (only === undefined || named.length > 1)
    throw new CommandFailed(
      `name one destination: ${destinationKindNames.map((kind) => `--${kind}`).join(', ')}`,
      ...destinationKindNames.map((kind) => `  --${kind}: ${destinationKinds[kind].form}`),
    );
  const parsed = parseDestination(only.kind, only.said, secrets);
  if (!parsed.ok) throw new CommandFailed(parsed.reason);
  return parsed.destination;
}

/** The difference, as steps. */
export async function plan({ client, config }: SubscriptionParts, options: PlanOptions): Promise<PlanStep[]> {
  const destination = destinationOf(options, config.subscriptions);
  return planSubscriptions({
    required: requiredSubscriptions({ ...ruled(config), destination }),
    existing: await listSubscriptions(client),
    managedKeys: managedKeys(ruled(config)),
    ...(options.renew ? { renew: 'destinations' as const } : {}),
  });
}

/** Prints the steps, and with `apply` makes each so. */
export async function apply(parts: SubscriptionParts, steps: readonly PlanStep[]): Promise<void> {
  for (const step of steps) {
    await applyStep(parts.client, step);
    parts.terminal.line(described(step, 'done'));
  }
}

export function show({ terminal }: Pick<SubscriptionParts, 'terminal'>, steps: readonly PlanStep[]): void {
  if (steps.length === 0) terminal.line('nothing to do');
  for (const step of steps) terminal.line(described(step, 'plan'));
}

/** Removes every subscription of this environment; others are never touched. */
export async function removalOf({ client, config }: SubscriptionParts): Promise<PlanStep[]> {
  return planSubscriptions({
    required: [],
    existing: await listSubscriptions(client),
    managedKeys: managedKeys(ruled(config)),
  });
}

const ruled = ({ rules, groups, environment }: Config) => ({ groups, settings: rules, environment });

const words = {
  plan: { create: '+ create', replace: '~ replace', update: '~ update', remove: '- remove', noop: '= unchanged' },
  done: {
    create: '+ created',
    replace: '~ replaced',
    update: '~ updated',
    remove: '- removed',
    noop: '= unchanged',
  },
};

function described(step: PlanStep, tense: keyof typeof words): string {
  const word = words[tense][step.action];
  switch (step.action) {
    case 'create':
    case 'replace':
      return `${word} ${step.draft.key}: ${contents(step.draft)}`;
    case 'update':
      return `${word} ${step.key}: ${step.actions.map(({ action }) => action).join(', ')}`;
    default:
      return `${word} ${step.key}${step.existing.status ? ` (${step.existing.status})` : ''}`;
  }
}

function contents({ messages, changes }: SubscriptionDraft): string {
  const types = messages.flatMap((message) => message.types);
  return [...types, ...changes.map(({ resourceTypeId }) => `changes of ${resourceTypeId}`)].join(', ');
}
