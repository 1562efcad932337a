/** Derives the subscriptions that the enabled rules need: one for each resource type, with exactly their triggers. */
import { closest } from 'fastest-levenshtein';
import type { SubscriptionDraft } from '../commercetools/subscriptions/subscriptions.ts';
import { messageTypesOf, subscribedTypeIds } from './message-types.ts';
import { enabledTriggers } from './select-rules.ts';
import type { RuleSettings } from './settings.ts';
import type { RuleGroup, Trigger } from './types.ts';

export interface SubscriptionScope {
  groups: readonly RuleGroup[];
  settings: RuleSettings;
  /** Part of the keys, so that environments keep their subscriptions apart. */
  environment: string;
  destination: SubscriptionDraft['destination'];
}

/** Returns drafts with keys `ctk-<environment>-<resource>`, sorted by resource. */
export function requiredSubscriptions(scope: SubscriptionScope): SubscriptionDraft[] {
  const { groups, settings, environment, destination } = scope;
  const byResource = new Map<string, { types: Set<string>; changes: boolean }>();
  for (const { trigger } of enabledTriggers(groups, settings)) {
    if (isUnknown(trigger) || trigger.polled) continue;
    const entry = byResource.get(trigger.typeId) ?? { types: new Set<string>(), changes: false };
    byResource.set(trigger.typeId, entry);
    if (trigger.messageType === undefined) entry.changes = true;
    else entry.types.add(trigger.messageType);
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

/** Returns a warning for each message type of the settings or of a custom rule that commercetools does not know. */
export function unknownTypeWarnings({ groups, settings }: Pick<SubscriptionScope, 'groups' | 'settings'>): string[] {
  const unknown = enabledTriggers(groups, settings).flatMap(({ trigger }) => (isUnknown(trigger) ? [trigger] : []));
  const warnings = unknown.map(({ typeId, messageType = '' }) => {
    const nearest = closest(messageType, [...messageTypesOf(typeId)]);
    return `commercetools has no message type ${messageType} of ${typeId}; did you mean ${nearest}? No subscription asks for it.`;
  });
  return [...new Set(warnings)];
}

/** commercetools refuses a subscription that names an unknown message type. */
function isUnknown({ typeId, messageType }: Trigger): boolean {
  return messageType !== undefined && !messageTypesOf(typeId).includes(messageType);
}

/** Returns the delivery format. Event Grid accepts CloudEvents only. */
function formatFor({ type }: SubscriptionDraft['destination']): SubscriptionDraft['format'] {
  return type === 'EventGrid' ? { type: 'CloudEvents', cloudEventsVersion: '1.0' } : { type: 'Platform' };
}

/** Returns the keys that this environment may manage, including those of resources that no enabled rule needs now. */
export function managedKeys({ environment }: Pick<SubscriptionScope, 'environment'>): Set<string> {
  return new Set(subscribedTypeIds.map((typeId) => `ctk-${environment}-${typeId}`));
}
