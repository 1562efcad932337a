/** Which rules a message wakes: looked up by notification type, resource and message type. */
import type { Message } from '../commercetools/messages.ts';
import type { RuleSettings } from './settings.ts';
import { isDisabled, type RuleGroup, type Trigger } from './types.ts';

export type RuleSelection = Map<RuleGroup, Set<string>>;

/**
 * @param families the list of rules
 * @param settings what the merchant disabled, and which message types he named
 * @returns the families to ask and the names of their woken rules; empty when no rule wakes
 */
export function createRuleSelector(
  groups: readonly RuleGroup[],
  settings: RuleSettings,
): (message: Message) => RuleSelection {
  const woken = new Map<string, { family: RuleGroup; rule: string }[]>();
  for (const { family, rule, trigger } of enabledTriggers(groups, settings)) {
    const key = keyOf(trigger.notificationType, trigger.typeId, trigger.messageType);
    woken.set(key, [...(woken.get(key) ?? []), { family, rule }]);
  }
  return ({ notificationType, type, resource }) => {
    const decision: RuleSelection = new Map();
    const messageType = notificationType === 'Message' ? type : undefined;
    for (const { family, rule } of woken.get(keyOf(notificationType, resource.typeId, messageType)) ?? []) {
      decision.set(family, (decision.get(family) ?? new Set()).add(rule));
    }
    return decision;
  };
}

/** Every wake of every rule that is not disabled: what subscriptions must deliver. */
export function enabledTriggers(
  groups: readonly RuleGroup[],
  settings: RuleSettings,
): { family: RuleGroup; rule: string; trigger: Trigger }[] {
  return groups.flatMap((family) =>
    family.rules.flatMap((rule) =>
      rule
        .triggers(settings)
        .filter((trigger) => !isDisabled(trigger, settings))
        .map((trigger) => ({ family, rule: rule.name, trigger })),
    ),
  );
}

function keyOf(notificationType: string, typeId: string, messageType: string | undefined): string {
  return [notificationType, typeId, messageType ?? ''].join('|');
}
