/** `ctk subscriptions`: compares existing subscriptions with those that the enabled rules need, and applies the difference. */
import type { Command } from 'commander';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import {
  applyStep,
  type DestinationRetry,
  messageTypesOf,
  typesNamedIn,
} from '../../commercetools/subscriptions/apply-step.ts';
import {
  type Destination,
  type DestinationKind,
  type DestinationSecrets,
  destinationKinds,
  destinationNames,
  parseDestination,
} from '../../commercetools/subscriptions/destinations.ts';
import {
  listSubscriptions,
  type PlanStep,
  planSubscriptions,
  type SubscriptionDraft,
} from '../../commercetools/subscriptions/subscriptions.ts';
import type { Config } from '../../config/config.ts';
import { managedKeys, requiredSubscriptions } from '../../rules/required-subscriptions.ts';
import { CommandError, type Terminal } from '../output/terminal.ts';
import { connectCommercetools } from '../with-services.ts';

const renewDescription = 'send the destination again: its secrets changed';

export function define(command: Command, terminal: Terminal): void {
  withDestination(command.command('plan'))
    .option('--renew', renewDescription)
    .description('show what would be created, updated, removed')
    .option('--json', 'the steps as JSON')
    .action(async ({ json, ...options }: PlanOptions & { json?: true }) => {
      const deps = { ...(await connectCommercetools()), terminal };
      const steps = await plan(deps, options);
      if (json) terminal.json(steps.map(toJson));
      else show(deps, steps);
    });
  withDestination(command.command('apply'))
    .option('--renew', renewDescription)
    .description('create or update subscriptions (idempotent)')
    .action(async (options: PlanOptions) => {
      const deps = { ...(await connectCommercetools()), terminal };
      await apply(deps, await plan(deps, options));
    });
  command
    .command('remove')
    .description('remove those of this environment (CTK_ENVIRONMENT); others are never touched')
    .action(async () => removeAll({ ...(await connectCommercetools()), terminal }));
}

/** @returns the step without its destination, which holds secrets */
function toJson(step: PlanStep) {
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

/** @param purpose what precedes the form in the help */
export function withDestination(command: Command, purpose = ''): Command {
  for (const kind of destinationNames)
    command.option(`--${kind} <destination>`, `${purpose}${destinationKinds[kind].form}`);
  return command;
}

export interface SubscriptionCommandDeps {
  client: CommercetoolsClient;
  config: Config;
  terminal: Terminal;
}

export type PlanOptions = Partial<Record<DestinationKind, string>> & { renew?: boolean };

/** @returns the destination if an option names one. @throws CommandError unless it is the only one, and valid */
export function givenDestination(options: PlanOptions, secrets: DestinationSecrets): Destination | undefined {
  return destinationNames.some((kind) => options[kind] !== undefined) ? destinationOf(options, secrets) : undefined;
}

/** @throws CommandError unless exactly one valid destination is given */
function destinationOf(options: PlanOptions, secrets: DestinationSecrets): Destination {
  const given = destinationNames.flatMap((kind) => {
    const destination = options[kind];
    return destination === undefined ? [] : [{ kind, destination }];
  });
  const [only] = given;
  if (only === undefined || given.length > 1)
    throw new CommandError(
      `name one destination: ${destinationNames.map((kind) => `--${kind}`).join(', ')}`,
      ...destinationNames.map((kind) => `  --${kind}: ${destinationKinds[kind].form}`),
    );
  const parsed = parseDestination(only.kind, only.destination, secrets);
  if (!parsed.ok) throw new CommandError(parsed.reason);
  return parsed.destination;
}

export async function plan({ client, config }: SubscriptionCommandDeps, options: PlanOptions): Promise<PlanStep[]> {
  const destination = destinationOf(options, config.subscriptions);
  return planSubscriptions({
    required: requiredSubscriptions({ ...ruleSelection(config), destination }),
    existing: await listSubscriptions(client),
    managedKeys: managedKeys(ruleSelection(config)),
    ...(options.renew ? { renew: 'destinations' as const } : {}),
  });
}

export interface ApplyDeps extends Pick<SubscriptionCommandDeps, 'client' | 'terminal'> {
  retry?: DestinationRetry;
}

/** Applies each step, also after one that commercetools refuses. @throws CommandError that names the refused ones */
export async function apply({ client, terminal, ...options }: ApplyDeps, steps: readonly PlanStep[]): Promise<void> {
  const refusals: string[] = [];
  for (const step of steps) {
    const onRetry = (until: Date) => terminal.line(describeRetry(step, until));
    try {
      await applyStep(client, step, { ...options, onRetry });
      terminal.line(describeStep(step, 'done'));
    } catch (thrown) {
      if (!(thrown instanceof CommercetoolsError) || thrown.type !== 'rejected') throw thrown;
      refusals.push(describeRefusal(step, thrown));
    }
  }
  const [first, ...others] = refusals;
  if (first !== undefined) throw new CommandError(first, ...others);
}

/** Names the message types that commercetools complains about; all of the draft if it names none of them. */
function describeRefusal(step: PlanStep, { message, detail = '' }: CommercetoolsError): string {
  const types = messageTypesOf(step);
  const named = typesNamedIn(detail, step);
  const suspects = named.length > 0 ? named : types;
  return `${keyOf(step)}: ${message}${suspects.length > 0 ? `; it asks for ${suspects.join(', ')}` : ''}`;
}

function keyOf(step: PlanStep): string {
  return 'draft' in step ? step.draft.key : step.key;
}

function describeRetry(step: PlanStep, until: Date): string {
  const key = keyOf(step);
  const time = until.toLocaleTimeString('en-GB');
  return `${key}: the destination does not accept yet; trying again until ${time}`;
}

export function show({ terminal }: Pick<SubscriptionCommandDeps, 'terminal'>, steps: readonly PlanStep[]): void {
  if (steps.length === 0) terminal.line('nothing to do');
  for (const step of steps) terminal.line(describeStep(step, 'plan'));
}

export async function removeAll(deps: SubscriptionCommandDeps): Promise<void> {
  const existing = await listSubscriptions(deps.client);
  await apply(
    deps,
    planSubscriptions({ required: [], existing, managedKeys: managedKeys(ruleSelection(deps.config)) }),
  );
}

const ruleSelection = ({ rules, groups, environment }: Config) => ({ groups, settings: rules, environment });

const labels = {
  plan: { create: '+ create', replace: '~ replace', update: '~ update', remove: '- remove', noop: '= unchanged' },
  done: {
    create: '+ created',
    replace: '~ replaced',
    update: '~ updated',
    remove: '- removed',
    noop: '= unchanged',
  },
};

function describeStep(step: PlanStep, tense: keyof typeof labels): string {
  const label = labels[tense][step.action];
  switch (step.action) {
    case 'create':
    case 'replace':
      return `${label} ${step.draft.key}: ${describeDraft(step.draft)}`;
    case 'update':
      return `${label} ${step.key}: ${step.actions.map(({ action }) => action).join(', ')}`;
    default:
      return `${label} ${step.key}${step.existing.status ? ` (${step.existing.status})` : ''}`;
  }
}

function describeDraft({ messages, changes }: SubscriptionDraft): string {
  const types = messages.flatMap((message) => message.types);
  return [...types, ...changes.map(({ resourceTypeId }) => `changes of ${resourceTypeId}`)].join(', ');
}
