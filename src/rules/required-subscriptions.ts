/** The subscriptions that the enabled rules need: one for each resource type, with exactly what wakes a rule. */
import type { SubscriptionDraft } from '../commercetools/subscriptions/subscriptions.ts';
import { enabledTriggers } from './select-rules.ts';
import type { RuleSettings } from './settings.ts';
import type { RuleGroup } from './types.ts';

export interface SubscriptionScope {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  /** Part of the keys, so that environments don't touch each other's. */
  environment: string;
  destination: SubscriptionDraft['destination'];
}

/** @returns drafts with keys `ctk-<environment>-<resource>`, in alphabetical order */
export function requiredSubscriptions({
  groups,
  settings,
  environment,
  destination,
}: SubscriptionScope): SubscriptionDraft[] {
  const byResource = new Map<string, { types: Set<string>; changes: boolean }>();
  for (const { trigger } of enabledTriggers(groups, settings)) {
    const wanted = byResource.get(trigger.typeId) ?? { types: new Set<string>(), changes: false };
    byResource.set(trigger.typeId, wanted);
    if (trigger.messageType === undefined) wanted.changes = true;
    else wanted.types.add(trigger.messageType);
  }
  return [...byResource]
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([resourceTypeId, { types, changes }]) => ({
      key: `ctk-${environment}-${resourceTypeId}`,
      destination,
      messages: types.size > 0 ? [{ resourceTypeId, types: [...types].sort() }] : [],
      changes: changes ? [{ resourceTypeId }] : [],
      format: formatFor(destination),
    }));
}

/** Event Grid takes CloudEvents only. */
function formatFor({ type }: SubscriptionDraft['destination']): SubscriptionDraft['format'] {
  return type === 'EventGrid' ? { type: 'CloudEvents', cloudEventsVersion: '1.0' } : { type: 'Platform' };
}

/** The keys that can be ours in this environment, also those of resources whose rules are disabled by now. */
export function managedKeys({ groups, settings, environment }: Omit<SubscriptionScope, 'destination'>): Set<string> {
  const triggers = groups.flatMap((family) => family.rules.flatMap((rule) => rule.triggers(settings)));
  return new Set(triggers.map(({ typeId }) => `ctk-${environment}-${typeId}`));
}
