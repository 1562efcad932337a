/**
 * List of the built-in rules. Subscriptions, bulk runs, the docs table, the dashboard, explain and the names that
 * ctk.config.ts may not use are derived from it.
 */
import { addedToCart } from './carts/added-to-cart.ts';
import { type CartFacts, cartFacts } from './carts/facts.ts';
import { startedCheckout } from './carts/started-checkout.ts';
import { category } from './catalog/category.ts';
import { type CategoryFacts, categoryFacts } from './catalog/category-facts.ts';
import { item } from './catalog/item.ts';
import { type ItemFacts, itemFacts } from './catalog/item-facts.ts';
import { stock } from './catalog/stock.ts';
import { type StockFacts, stockFacts } from './catalog/stock-facts.ts';
import { eraseProfile } from './customers/erase-profile.ts';
import { type ErasureFacts, erasureFacts } from './customers/erasure-facts.ts';
import { type CustomerFacts, customerFacts } from './customers/facts.ts';
import { profile } from './customers/profile.ts';
import { renamedGroup } from './customers/renamed-group.ts';
import { type CustomerGroupFacts, customerGroupFacts } from './customers/renamed-group-facts.ts';
import { cancelledOrder } from './orders/cancelled-order.ts';
import { correctedEmail } from './orders/corrected-email.ts';
import { deliveredShipment } from './orders/delivered-shipment.ts';
import { type OrderRule, orderFacts } from './orders/facts.ts';
import { fulfilledOrder } from './orders/fulfilled-order.ts';
import { orderedProduct } from './orders/ordered-product.ts';
import { paidOrder } from './orders/paid-order.ts';
import { partialFulfilment } from './orders/partial-fulfilment.ts';
import { placedOrder } from './orders/placed-order.ts';
import { refundedOrder } from './orders/refunded-order.ts';
import { returnReceived } from './orders/return-received.ts';
import { returnRequested } from './orders/return-requested.ts';
import { shipment } from './orders/shipment.ts';
import { workflow } from './orders/workflow.ts';
import { createRuleGroup } from './rule-group.ts';
import type { Rule, RuleDescription, RuleGroup } from './types.ts';

/** Rules by the resource that their facts are about. */
export interface RulesByResource {
  customer: readonly Rule<CustomerFacts>[];
  erasure: readonly Rule<ErasureFacts>[];
  'customer-group': readonly Rule<CustomerGroupFacts>[];
  order: readonly OrderRule[];
  cart: readonly Rule<CartFacts>[];
  category: readonly Rule<CategoryFacts>[];
  product: readonly Rule<ItemFacts>[];
  'inventory-entry': readonly Rule<StockFacts>[];
}

export const rulesByResource: RulesByResource = {
  customer: [profile],
  erasure: [eraseProfile],
  'customer-group': [renamedGroup],
  order: [
    placedOrder,
    orderedProduct,
    fulfilledOrder,
    cancelledOrder,
    refundedOrder,
    shipment,
    partialFulfilment,
    deliveredShipment,
    paidOrder,
    returnRequested,
    returnReceived,
    workflow,
    correctedEmail,
  ],
  cart: [addedToCart, startedCheckout],
  category: [category],
  product: [item],
  'inventory-entry': [stock],
};

export function createRuleGroups(rules: RulesByResource): readonly RuleGroup[] {
  return [
    createRuleGroup(customerFacts, rules.customer),
    createRuleGroup(erasureFacts, rules.erasure),
    createRuleGroup(customerGroupFacts, rules['customer-group']),
    createRuleGroup(orderFacts, rules.order),
    createRuleGroup(cartFacts, rules.cart),
    createRuleGroup(categoryFacts, rules.category),
    createRuleGroup(itemFacts, rules.product),
    createRuleGroup(stockFacts, rules['inventory-entry']),
  ];
}

export const builtInRuleGroups = createRuleGroups(rulesByResource);

export const builtInRules: readonly RuleDescription[] = builtInRuleGroups.flatMap(({ rules }) => rules);
