/** What the subscriptions lack, our own and the incumbent's, and how each is. */
import { listSubscriptions, type Subscription } from '../../commercetools/subscriptions/subscriptions.ts';
import { managedKeys, requiredSubscriptions } from '../../rules/required-subscriptions.ts';
import { type CheckParts, type Finding, ok, problem, warning } from './finding.ts';

/** How commercetools says that a subscription is, and what to do: https://docs.commercetools.com/api/projects/subscriptions#subscriptionhealthstatus */
const wayOuts: Record<string, string> = {
  TemporaryError: 'commercetools tries again; look at the broker',
  ConfigurationError: 'messages are kept for some days: let commercetools send to the destination',
  ConfigurationErrorDeliveryStopped:
    'messages are dropped: ctk subscriptions apply makes it anew, then sync what was missed',
  ManuallySuspended: "ask commercetools' support",
};

/** Nothing where they can't be listed: that the scope is missing is told elsewhere. */
export async function checkSubscriptions({ config, commercetools }: CheckParts): Promise<Finding[]> {
  const existing = await listSubscriptions(commercetools).catch(() => undefined);
  if (!existing) return [];
  const ruled = { groups: config.groups, settings: config.rules, environment: config.environment };
  const keys = managedKeys(ruled);
  const found = existing.filter(({ key }) => key !== undefined && keys.has(key));
  const others = existing.filter(({ key }) => key?.startsWith('connect-'));
  const destination = { type: 'GoogleCloudPubSub' as const, projectId: '', topic: '' };
  const wanted = requiredSubscriptions({ ...ruled, destination });
  const needed = new Set(wanted.map(({ key }) => key));
  const lacks = wanted.flatMap((draft) => lackOf(draft, [...found, ...others]));
  return [...lacks, ...found.map((one) => healthOf(one, needed))];
}

function lackOf(draft: Pick<Subscription, 'messages' | 'changes'>, there: readonly Subscription[]): Finding[] {
  const typeId = draft.messages[0]?.resourceTypeId ?? draft.changes[0]?.resourceTypeId ?? '';
  const has = new Set(there.flatMap((one) => deliveredOf(one, typeId)));
  const needs = [
    ...draft.messages.flatMap(({ types }) => (has.has('*') ? [] : types)),
    ...draft.changes.map(() => 'changes'),
  ];
  const missing = needs.filter((one) => !has.has(one));
  if (missing.length === 0) return [];
  return [
    warning(`subscription for ${typeId}`, `nothing delivers ${missing.join(', ')}`, 'see ctk subscriptions plan'),
  ];
}

/** Message types of the resource, `*` where it is all of them, and `changes`. */
function deliveredOf({ messages, changes }: Subscription, typeId: string): string[] {
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
  return problem(what, `its status is ${status}`, wayOuts[status] ?? 'see ctk subscriptions plan');
}
