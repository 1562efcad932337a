/** Applies a ctk.config.ts to the built-in rules: wraps them with its hooks and adds its custom rules. */
import { createRuleGroups, type RulesByResource } from '../rules/index.ts';
import type { RuleGroup } from '../rules/types.ts';
import { withCategoryHook, withEventHook, withItemHooks, withProfileHook } from './hooks.ts';
import type { Extension } from './types.ts';

export function applyExtension(builtIn: RulesByResource, { hooks, rules }: Extension): readonly RuleGroup[] {
  return createRuleGroups({
    ...builtIn,
    customer: [...builtIn.customer.map((rule) => withProfileHook(rule, hooks.profile)), ...rules.customer],
    order: [...builtIn.order.map((rule) => withEventHook(rule, hooks.event)), ...rules.order],
    category: [...builtIn.category.map((rule) => withCategoryHook(rule, hooks.category)), ...rules.category],
    product: [...builtIn.product.map((rule) => withItemHooks(rule, hooks)), ...rules.product],
  });
}
