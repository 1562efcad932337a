/** The subscriptions that the enabled rules need: one for each resource type, with exactly what wakes a rule. */
import type { SubscriptionDraft } from '../commercetools/subscriptions/subscriptions.ts';
import { enabledWakes } from './select-rules.ts';
import type { RuleSettings } from './settings.ts';
import type { RuleFamily } from './types.ts';

export interface WantedBy {
  families: readonly RuleFamily[];
  settings: RuleSettings;
  /** Part of the keys, so that environments don't touch each other's. */
  environment: string;
  destination: SubscriptionDraft['destination'];
}

/** @returns drafts with keys `ctk-<environment>-<resource>`, in alphabetical order */
export function wantedSubscriptions({ families, settings, environment, destination }: WantedBy): SubscriptionDraft[] {
  const byResource = new Map<string, { types: Set<string>; changes: boolean }>();
  for (const { wake } of enabledWakes(families, settings)) {
    const wanted = byResource.get(wake.typeId) ?? { types: new Set<string>(), changes: false };
    byResource.set(wake.typeId, wanted);
    if (wake.messageType === undefined) wanted.changes = true;
    else wanted.types.add(wake.messageType);
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
export function ownKeys({ families, settings, environment }: Omit<WantedBy, 'destination'>): Set<string> {
  const wakes = families.flatMap((family) => family.rules.flatMap((rule) => rule.wakes(settings)));
  return new Set(wakes.map(({ typeId }) => `ctk-${environment}-${typeId}`));
}
