/**
 * Lists subscriptions, and plans how to create, change and remove them (apply-step.ts). Subscriptions with other keys are never changed.
 * https://docs.commercetools.com/api/projects/subscriptions
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { CommercetoolsClient } from '../client.ts';
import { CommercetoolsError } from '../errors.ts';
import { type Destination, secretFields } from './destinations.ts';

const resourceMessages = z.object({ resourceTypeId: z.string(), types: z.array(z.string()).default([]) });
const resourceChanges = z.object({ resourceTypeId: z.string() });

export interface SubscriptionDraft {
  key: string;
  destination: Destination;
  messages: z.infer<typeof resourceMessages>[];
  changes: z.infer<typeof resourceChanges>[];
  format: { type: 'Platform' } | { type: 'CloudEvents'; cloudEventsVersion: '1.0' };
}

const subscriptionSchema = z.object({
  id: z.string(),
  version: z.number(),
  key: z.string().optional(),
  destination: z.looseObject({ type: z.string() }),
  messages: z.array(resourceMessages).default([]),
  changes: z.array(resourceChanges).default([]),
  format: z.looseObject({ type: z.string() }).default({ type: 'Platform' }),
  status: z.string().optional(),
});
export type Subscription = z.infer<typeof subscriptionSchema>;

export type UpdateAction =
  /** Without its list an action unsets it. */
  | { action: 'setMessages'; messages?: SubscriptionDraft['messages'] }
  | { action: 'setChanges'; changes?: SubscriptionDraft['changes'] }
  | { action: 'changeDestination'; destination: SubscriptionDraft['destination'] };

export type PlanStep =
  | { action: 'create'; draft: SubscriptionDraft }
  /** The format of a subscription can't be changed in place. */
  | { action: 'replace'; key: string; draft: SubscriptionDraft; existing: Subscription }
  | { action: 'update'; key: string; existing: Subscription; actions: UpdateAction[] }
  | { action: 'remove'; key: string; existing: Subscription }
  | { action: 'noop'; key: string; existing: Subscription };

/** Returns every subscription of the project, of which there are at most 50. @throws CommercetoolsError */
export async function listSubscriptions(client: CommercetoolsClient): Promise<Subscription[]> {
  const parsed = z
    .object({ results: z.array(subscriptionSchema) })
    .safeParse(await client.get('subscriptions', { limit: 100 }));
  if (!parsed.success)
    throw new CommercetoolsError('unavailable', 'commercetools listed subscriptions in an unknown shape');
  return parsed.data.results;
}

export interface SubscriptionPlanInput {
  required: readonly SubscriptionDraft[];
  existing: readonly Subscription[];
  /** Keys that this environment manages. Existing subscriptions with one of them are removed if they are not required. */
  managedKeys: ReadonlySet<string>;
  /** Sends all destinations again, because changed secrets can't be detected. */
  renew?: 'destinations';
}

/** Returns the steps that turn the existing subscriptions into the required ones. */
export function planSubscriptions({ required, existing, managedKeys, renew }: SubscriptionPlanInput): PlanStep[] {
  const managed = existing.filter(({ key }) => key !== undefined && managedKeys.has(key));
  const steps = required.map((draft): PlanStep => {
    const found = managed.find(({ key }) => key === draft.key);
    if (!found) return { action: 'create', draft };
    if (found.format.type !== draft.format.type) return { action: 'replace', key: draft.key, draft, existing: found };
    const actions = actionsFor(draft, found, renew);
    return actions.length === 0
      ? { action: 'noop', key: draft.key, existing: found }
      : { action: 'update', key: draft.key, existing: found, actions };
  });
  const surplus = managed.filter(({ key }) => !required.some((draft) => draft.key === key));
  return [...steps, ...surplus.map((found): PlanStep => ({ action: 'remove', key: found.key ?? '', existing: found }))];
}

function actionsFor(
  draft: SubscriptionDraft,
  found: Subscription,
  renew: SubscriptionPlanInput['renew'],
): UpdateAction[] {
  const actions: UpdateAction[] = [];
  // Only a change of the destination restarts a stopped subscription.
  const stopped = found.status === 'ConfigurationErrorDeliveryStopped';
  if (renew || stopped || !isSameDestination(draft, found))
    actions.push({ action: 'changeDestination', destination: draft.destination });
  const { messages, changes } = draft;
  const setMessages: UpdateAction[] = isDeepStrictEqual(sorted(messages), sorted(found.messages))
    ? []
    : [{ action: 'setMessages', ...(messages.length > 0 ? { messages } : {}) }];
  const setChanges: UpdateAction[] = isDeepStrictEqual(sorted(changes), sorted(found.changes))
    ? []
    : [{ action: 'setChanges', ...(changes.length > 0 ? { changes } : {}) }];
  // One list is filled before the other is emptied, because a subscription to nothing may be refused after each action.
  const lists = messages.length > 0 ? [...setMessages, ...setChanges] : [...setChanges, ...setMessages];
  return [...actions, ...lists];
}

/** Compares the fields of the draft, without secrets. */
function isSameDestination({ destination }: SubscriptionDraft, found: Subscription): boolean {
  const comparable = Object.entries(destination).filter(([name]) => !secretFields.has(name));
  return comparable.every(([name, value]) => found.destination[name] === value);
}

function sorted(list: readonly { resourceTypeId: string; types?: string[] }[]) {
  return list
    .map(({ resourceTypeId, types = [] }) => ({ resourceTypeId, types: [...types].sort() }))
    .sort((left, right) => left.resourceTypeId.localeCompare(right.resourceTypeId));
}
