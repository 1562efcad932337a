/**
 * The list of rules: everything that Klaviyo gets to know. Subscriptions, bulk runs, the docs' table, the dashboard's
 * rows and explain come from it.
 */

import { type Extension, noExtension } from '../extension/apply.ts';
import { withCategoryHook, withEventHook, withItemHooks, withProfileHook } from '../extension/hooks.ts';
import { category } from './catalog/category.ts';
import { categoryFacts } from './catalog/category-facts.ts';
import { item } from './catalog/item.ts';
import { itemFacts } from './catalog/item-facts.ts';
import { stock } from './catalog/stock.ts';
import { stockFacts } from './catalog/stock-facts.ts';
import { customerFacts } from './customers/facts.ts';
import { profile } from './customers/profile.ts';
import { cancelledOrder } from './orders/cancelled-order.ts';
import { orderFacts } from './orders/facts.ts';
import { fulfilledOrder } from './orders/fulfilled-order.ts';
import { orderedProduct } from './orders/ordered-product.ts';
import { placedOrder } from './orders/placed-order.ts';
import { refundedOrder } from './orders/refunded-order.ts';
import { createRuleGroup, type RuleGroup } from './types.ts';

/** Rules by the facts that they share, with what a merchant adds and changes. */
export function ruleGroupsWith({ hooks, rules }: Extension): readonly RuleGroup[] {
  const orders = [placedOrder, orderedProduct, fulfilledOrder, cancelledOrder, refundedOrder];
  return [
    createRuleGroup(customerFacts, [withProfileHook(profile, hooks.profile), ...rules.customer]),
    createRuleGroup(orderFacts, [...orders.map((rule) => withEventHook(rule, hooks.event)), ...rules.order]),
    createRuleGroup(categoryFacts, [withCategoryHook(category, hooks.category), ...rules.category]),
    createRuleGroup(itemFacts, [withItemHooks(item, hooks), ...rules.product]),
    createRuleGroup(stockFacts, [stock]),
  ];
}

/** The built-in rules by the facts that they share. */
export const builtInRuleGroups = ruleGroupsWith(noExtension);

/** All built-in rules, without what only their families can call. */
export const builtInRules = builtInRuleGroups.flatMap(({ rules }) => rules);
