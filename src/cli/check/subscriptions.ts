/** Checks which messages no subscription delivers, including the plugin's subscriptions, and the health of each. */
import { listSubscriptions, type Subscription } from '../../commercetools/subscriptions/subscriptions.ts';
import { managedKeys, requiredSubscriptions } from '../../rules/required-subscriptions.ts';
import { type CheckDeps, type Finding, ok, problem, warning } from './finding.ts';

/** Fix for each status: https://docs.commercetools.com/api/projects/subscriptions#subscriptionhealthstatus */
const fixes: Record<string, string> = {
  TemporaryError: 'commercetools tries again; look at the broker',
  ConfigurationError: 'messages are kept for some days: let commercetools send to the destination',
  ConfigurationErrorDeliveryStopped:
    'messages are dropped: ctk subscriptions apply makes it anew, then sync what was missed',
  ManuallySuspended: "ask commercetools' support",
};

type SubscriptionSelection = Pick<Subscription, 'messages' | 'changes'>;

const applyFix = 'ctk check --fix with a destination creates them (ctk check --help lists the destinations)';

/** @returns nothing if subscriptions can't be listed, because a missing scope is a finding of another check */
export async function checkSubscriptions({ config, commercetools }: CheckDeps): Promise<Finding[]> {
  const existing = await listSubscriptions(commercetools).catch(() => undefined);
  if (!existing) return [];
  const selection = { groups: config.groups, settings: config.rules, environment: config.environment };
  const keys = managedKeys(selection);
  const managed = existing.filter(({ key }) => key !== undefined && keys.has(key));
  const ofPlugin = existing.filter(({ key }) => key?.startsWith('connect-'));
  const destination = { type: 'GoogleCloudPubSub' as const, projectId: '', topic: '' };
  const required = requiredSubscriptions({ ...selection, destination });
  const needed = new Set(required.map(({ key }) => key));
  const health = managed.map((subscription) => healthOf(subscription, needed));
  if (config.realtime && required.length > 0 && !required.some((draft) => isDelivered(draft, existing)))
    return [
      problem('subscriptions', `realtime is on, and there is no subscription for ${listOf(required)}`, applyFix),
      ...health,
    ];
  return [...required.flatMap((draft) => missingMessages(draft, [...managed, ...ofPlugin])), ...health];
}

/** Whether a subscription, whosever it is, delivers anything of the draft. */
function isDelivered(draft: SubscriptionSelection, existing: readonly Subscription[]): boolean {
  const typeId = typeIdOf(draft);
  return existing.some((subscription) => deliveredBy(subscription, typeId).length > 0);
}

function listOf(required: readonly SubscriptionSelection[]): string {
  const texts = required.map((draft) => `${typeIdOf(draft)} (${neededOf(draft).join(', ')})`);
  return texts.join(', ');
}

function neededOf({ messages, changes }: SubscriptionSelection): string[] {
  return [...messages.flatMap(({ types }) => types), ...changes.map(() => 'changes')];
}

function typeIdOf({ messages, changes }: SubscriptionSelection): string {
  return messages[0]?.resourceTypeId ?? changes[0]?.resourceTypeId ?? '';
}

function missingMessages(draft: SubscriptionSelection, existing: readonly Subscription[]): Finding[] {
  const typeId = typeIdOf(draft);
  const delivered = new Set(existing.flatMap((subscription) => deliveredBy(subscription, typeId)));
  const needs = [
    ...draft.messages.flatMap(({ types }) => (delivered.has('*') ? [] : types)),
    ...draft.changes.map(() => 'changes'),
  ];
  const missing = needs.filter((need) => !delivered.has(need));
  if (missing.length === 0) return [];
  return [
    warning(`subscription for ${typeId}`, `no subscription for ${missing.join(', ')}`, 'see ctk subscriptions plan'),
  ];
}

/** @returns the delivered message types of the resource, `*` for all types, and `changes` */
function deliveredBy({ messages, changes }: Subscription, typeId: string): string[] {
  return [
    ...messages
      .filter(({ resourceTypeId }) => resourceTypeId === typeId)
      .flatMap(({ types }) => (types.length === 0 ? ['*'] : types)),
    ...changes.filter(({ resourceTypeId }) => resourceTypeId === typeId).map(() => 'changes'),
  ];
}

function healthOf({ key = '', status = 'Healthy' }: Subscription, needed: ReadonlySet<string>): Finding {
  const what = `subscription ${key}`;
  if (!needed.has(key)) return warning(what, 'no enabled rule needs it', 'ctk subscriptions apply removes it');
  if (status === 'Healthy') return ok(what, status);
  return problem(what, `its status is ${status}`, fixes[status] ?? 'see ctk subscriptions plan');
}
