/** Which rules a message wakes: looked up by notification type, resource and message type. */
import type { Message } from '../commercetools/messages.ts';
import type { RuleSettings } from './settings.ts';
import { isDisabled, type RuleFamily, type Wake } from './types.ts';

export type Decision = Map<RuleFamily, Set<string>>;

/**
 * @param families the list of rules
 * @param settings what the merchant disabled, and which message types he named
 * @returns the families to ask and the names of their woken rules; empty when no rule wakes
 */
export function createDecide(families: readonly RuleFamily[], settings: RuleSettings): (message: Message) => Decision {
  const woken = new Map<string, { family: RuleFamily; rule: string }[]>();
  for (const { family, rule, wake } of enabledWakes(families, settings)) {
    const key = keyOf(wake.notificationType, wake.typeId, wake.messageType);
    woken.set(key, [...(woken.get(key) ?? []), { family, rule }]);
  }
  return ({ notificationType, type, resource }) => {
    const decision: Decision = new Map();
    const messageType = notificationType === 'Message' ? type : undefined;
    for (const { family, rule } of woken.get(keyOf(notificationType, resource.typeId, messageType)) ?? []) {
      decision.set(family, (decision.get(family) ?? new Set()).add(rule));
    }
    return decision;
  };
}

/** Every wake of every rule that is not disabled: what subscriptions must deliver. */
export function enabledWakes(
  families: readonly RuleFamily[],
  settings: RuleSettings,
): { family: RuleFamily; rule: string; wake: Wake }[] {
  return families.flatMap((family) =>
    family.rules.flatMap((rule) =>
      rule
        .wakes(settings)
        .filter((wake) => !isDisabled(wake, settings))
        .map((wake) => ({ family, rule: rule.name, wake })),
    ),
  );
}

function keyOf(notificationType: string, typeId: string, messageType: string | undefined): string {
  return [notificationType, typeId, messageType ?? ''].join('|');
}
