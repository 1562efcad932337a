/** `ctk subscriptions`: what the enabled rules need, compared with what is there, and made so. */

import type { CommercetoolsClient } from '../commercetools/client.ts';
import {
  applyStep,
  listSubscriptions,
  planSubscriptions,
  type Step,
  type SubscriptionDraft,
} from '../commercetools/subscriptions.ts';
import type { Config } from '../config/config.ts';
import { ownKeys, wantedSubscriptions } from '../engine/wanted-subscriptions.ts';
import { ruleFamilies } from '../rules/index.ts';
import { CommandFailed, type Terminal } from './terminal.ts';

export interface SubscriptionParts {
  client: CommercetoolsClient;
  config: Config;
  terminal: Terminal;
}

const topicName = /^projects\/([^/]+)\/topics\/([^/]+)$/;

/** @throws CommandFailed where the topic's name is none */
function parseTopic(name: string): SubscriptionDraft['destination'] {
  const parts = topicName.exec(name);
  if (!parts?.[1] || !parts[2])
    throw new CommandFailed(`--pubsub ${name}: must be a topic's full name, projects/<project>/topics/<topic>`);
  return { type: 'GoogleCloudPubSub', projectId: parts[1], topic: parts[2] };
}

/** The difference, as steps. */
export async function plan({ client, config }: SubscriptionParts, topic: string): Promise<Step[]> {
  const wanted = wantedSubscriptions({ ...ruled(config), destination: parseTopic(topic) });
  return planSubscriptions(wanted, await listSubscriptions(client), ownKeys(ruled(config)));
}

/** Prints the steps, and with `apply` makes each so. */
export async function apply(parts: SubscriptionParts, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await applyStep(parts.client, step);
    parts.terminal.line(described(step, 'done'));
  }
}

export function show({ terminal }: SubscriptionParts, steps: readonly Step[]): void {
  if (steps.length === 0) terminal.line('nothing to do');
  for (const step of steps) terminal.line(described(step, 'plan'));
}

/** Removes every subscription of this environment; others are never touched. */
export async function removalOf({ client, config }: SubscriptionParts): Promise<Step[]> {
  return planSubscriptions([], await listSubscriptions(client), ownKeys(ruled(config)));
}

const ruled = ({ rules, environment }: Config) => ({ families: ruleFamilies, settings: rules, environment });

const words = {
  plan: { create: '+ create', update: '~ update', remove: '- remove', nothing: '= as wanted' },
  done: { create: '+ created', update: '~ updated', remove: '- removed', nothing: '= as wanted' },
};

function described(step: Step, tense: keyof typeof words): string {
  const word = words[tense][step.do];
  switch (step.do) {
    case 'create':
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
