/** Selects the rules that a message triggers, or that a run evaluates. */
import type { ResourceTypeId } from '../commercetools/message-types.ts';
import type { Message } from '../commercetools/messages.ts';
import type { BulkResource } from '../commercetools/schemas.ts';
import type { ChangeKind } from '../klaviyo/change.ts';
import type { RuleSettings } from './settings.ts';
import { isDisabled, type RuleDescription, type RuleGroup, type Trigger } from './types.ts';

/** The groups to evaluate, each with the names of its selected rules; empty if no rule is selected. */
export type RuleSelection = Map<RuleGroup, Set<string>>;

export interface SelectRules {
  forMessage(message: Message): RuleSelection;
  forRun(resource: BulkResource): RuleSelection;
  /** The rules for changed records that are found by reading at intervals. */
  forPolled(typeId: ResourceTypeId): RuleSelection;
}

export function createRuleSelector(groups: readonly RuleGroup[], settings: RuleSettings): SelectRules {
  const byTrigger = new Map<string, { group: RuleGroup; rule: string }[]>();
  const triggers = enabledTriggers(groups, settings);
  for (const { group, rule, trigger } of triggers.filter(({ trigger }) => !trigger.polled)) {
    const key = keyOf(trigger.notificationType, trigger.typeId, trigger.messageType);
    byTrigger.set(key, [...(byTrigger.get(key) ?? []), { group, rule }]);
  }
  return {
    forPolled(typeId) {
      const selection: RuleSelection = new Map();
      for (const { group, rule, trigger } of triggers)
        if (trigger.polled && trigger.typeId === typeId)
          selection.set(group, (selection.get(group) ?? new Set()).add(rule));
      return selection;
    },
    forMessage({ notificationType, type, resource }) {
      const messageType = notificationType === 'Message' ? type : undefined;
      const selection: RuleSelection = new Map();
      for (const { group, rule } of byTrigger.get(keyOf(notificationType, resource.typeId, messageType)) ?? [])
        selection.set(group, (selection.get(group) ?? new Set()).add(rule));
      return selection;
    },
    forRun(resource) {
      const selection: RuleSelection = new Map();
      for (const group of groups) {
        const names = group.rules
          .filter((rule) => rule.bulk === resource && isOn(rule, settings))
          .map(({ name }) => name);
        if (names.length > 0) selection.set(group, new Set(names));
      }
      return selection;
    },
  };
}

/** All rules of the groups for a resource type, also disabled ones. */
export function allRulesOf(groups: readonly RuleGroup[], typeId: string): RuleSelection {
  const matching = groups.filter((group) => group.typeId === typeId);
  return new Map(matching.map((group) => [group, new Set(group.rules.map(({ name }) => name))]));
}

/** Every trigger of every rule that is not disabled: what subscriptions must deliver. */
export function enabledTriggers(
  groups: readonly RuleGroup[],
  settings: RuleSettings,
): { group: RuleGroup; rule: string; trigger: Trigger }[] {
  return groups.flatMap((group) =>
    group.rules.flatMap((rule) =>
      (isOn(rule, settings) ? rule.triggers(settings) : [])
        .filter((trigger) => !isDisabled(trigger, settings))
        .map((trigger) => ({ group, rule: rule.name, trigger })),
    ),
  );
}

function isOn(rule: RuleDescription, settings: RuleSettings): boolean {
  return rule.offBy?.(settings) === undefined;
}

/** What rules about a record of each type write. */
const changeKindsByType: Record<string, readonly ChangeKind[]> = {
  customer: ['profile', 'erasure'],
  order: ['event', 'order-profile'],
  cart: ['event'],
  category: ['category', 'delete'],
  product: ['item', 'delete'],
  'inventory-entry': ['stock'],
};

export function changeKindsOf(rules: RuleSelection): ChangeKind[] {
  return [...rules.keys()].flatMap(({ typeId }) => changeKindsByType[typeId] ?? []);
}

function keyOf(notificationType: string, typeId: string, messageType: string | undefined): string {
  return [notificationType, typeId, messageType ?? ''].join('|');
}
