/** Selects the rules for a message by notification type, resource and message type. */
import type { Message } from '../commercetools/messages.ts';
import type { RuleSettings } from './settings.ts';
import { isDisabled, type RuleGroup, type Trigger } from './types.ts';

/** Names of the selected rules by group. Empty when no rule reacts to the message. */
export type RuleSelection = Map<RuleGroup, Set<string>>;

/**
 * Indexes the enabled triggers.
 * @param settings disabled events, and message types that the operator configured
 * @returns a function that selects the rules for a message
 */
export function createRuleSelector(
  groups: readonly RuleGroup[],
  settings: RuleSettings,
): (message: Message) => RuleSelection {
  const rulesByKey = new Map<string, { group: RuleGroup; rule: string }[]>();
  for (const { group, rule, trigger } of enabledTriggers(groups, settings)) {
    const key = keyOf(trigger.notificationType, trigger.typeId, trigger.messageType);
    rulesByKey.set(key, [...(rulesByKey.get(key) ?? []), { group, rule }]);
  }
  return ({ notificationType, type, resource }) => {
    const selection: RuleSelection = new Map();
    const messageType = notificationType === 'Message' ? type : undefined;
    for (const { group, rule } of rulesByKey.get(keyOf(notificationType, resource.typeId, messageType)) ?? []) {
      selection.set(group, (selection.get(group) ?? new Set()).add(rule));
    }
    return selection;
  };
}

/** Returns every trigger that is not disabled, with its rule and group. Subscriptions must deliver all of them. */
export function enabledTriggers(
  groups: readonly RuleGroup[],
  settings: RuleSettings,
): { group: RuleGroup; rule: string; trigger: Trigger }[] {
  return groups.flatMap((group) =>
    group.rules.flatMap((rule) =>
      rule
        .triggers(settings)
        .filter((trigger) => !isDisabled(trigger, settings))
        .map((trigger) => ({ group, rule: rule.name, trigger })),
    ),
  );
}

function keyOf(notificationType: string, typeId: string, messageType: string | undefined): string {
  return [notificationType, typeId, messageType ?? ''].join('|');
}
