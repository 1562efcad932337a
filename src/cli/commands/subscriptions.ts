/** `ctk subscriptions`: what the enabled rules need, compared with what is there, and made so. */

import type { CommercetoolsClient } from '../../commercetools/client.ts';
import {
  type DestinationKind,
  type DestinationSecrets,
  destinationKinds,
  destinationKindNames as kinds,
  parseDestination,
} from '../../commercetools/subscriptions/destinations.ts';
import {
  applyStep,
  listSubscriptions,
  planSubscriptions,
  type Step,
  type SubscriptionDraft,
} from '../../commercetools/subscriptions/subscriptions.ts';
import type { Config } from '../../config/config.ts';
import { ownKeys, wantedSubscriptions } from '../../rules/required-subscriptions.ts';
import { CommandFailed, type Terminal } from '../output/terminal.ts';

export interface SubscriptionParts {
  client: CommercetoolsClient;
  config: Config;
  terminal: Terminal;
}

/** The options of `plan` and `apply`: one destination, and whether to send it again. */
export type PlanOptions = Partial<Record<DestinationKind, string>> & { renew?: boolean };

/** @throws CommandFailed where not exactly one destination is named, or it is none */
function destinationOf(options: PlanOptions, secrets: DestinationSecrets): SubscriptionDraft['destination'] {
  const named = kinds.flatMap((kind) => {
    const said = options[kind];
    return said === undefined ? [] : [{ kind, said }];
  });
  const [only] = named;
  if (only === undefined || named.length > 1)
    throw new CommandFailed(
      `name one destination: ${kinds.map((kind) => `--${kind}`).join(', ')}`,
      ...kinds.map((kind) => `  --${kind}: ${destinationKinds[kind].form}`),
    );
  const parsed = parseDestination(only.kind, only.said, secrets);
  if (!parsed.ok) throw new CommandFailed(parsed.reason);
  return parsed.destination;
}

/** The difference, as steps. */
export async function plan({ client, config }: SubscriptionParts, options: PlanOptions): Promise<Step[]> {
  const destination = destinationOf(options, config.subscriptions);
  return planSubscriptions({
    wanted: wantedSubscriptions({ ...ruled(config), destination }),
    existing: await listSubscriptions(client),
    own: ownKeys(ruled(config)),
    ...(options.renew ? { renew: 'destinations' as const } : {}),
  });
}

/** Prints the steps, and with `apply` makes each so. */
export async function apply(parts: SubscriptionParts, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await applyStep(parts.client, step);
    parts.terminal.line(described(step, 'done'));
  }
}

export function show({ terminal }: Pick<SubscriptionParts, 'terminal'>, steps: readonly Step[]): void {
  if (steps.length === 0) terminal.line('nothing to do');
  for (const step of steps) terminal.line(described(step, 'plan'));
}

/** Removes every subscription of this environment; others are never touched. */
export async function removalOf({ client, config }: SubscriptionParts): Promise<Step[]> {
  return planSubscriptions({ wanted: [], existing: await listSubscriptions(client), own: ownKeys(ruled(config)) });
}

const ruled = ({ rules, families, environment }: Config) => ({ families, settings: rules, environment });

const words = {
  plan: { create: '+ create', replace: '~ replace', update: '~ update', remove: '- remove', nothing: '= as wanted' },
  done: {
    create: '+ created',
    replace: '~ replaced',
    update: '~ updated',
    remove: '- removed',
    nothing: '= as wanted',
  },
};

function described(step: Step, tense: keyof typeof words): string {
  const word = words[tense][step.do];
  switch (step.do) {
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
