/**
 * The list of rules: everything that Klaviyo gets to know. Subscriptions, bulk runs, the docs' table, the dashboard's
 * rows and explain come from it.
 */
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
import { family, type RuleFamily } from './rule.ts';

/** Rules by the facts that they share. */
export const ruleFamilies: readonly RuleFamily[] = [
  family(customerFacts, [profile]),
  family(orderFacts, [placedOrder, orderedProduct, fulfilledOrder, cancelledOrder, refundedOrder]),
  family(categoryFacts, [category]),
  family(itemFacts, [item]),
  family(stockFacts, [stock]),
];

/** All rules, without what only their families can call. */
export const allRules = ruleFamilies.flatMap(({ rules }) => rules);
