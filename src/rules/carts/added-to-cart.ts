/**
 * Added to Cart: one event for each line item that a shopper chose, at the time when it came into the cart.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import type { CartLineItem } from '../../commercetools/cart-schemas.ts';
import { lineOf } from '../orders/line.ts';
import type { RuleSettings } from '../settings.ts';
import type { Rule, Skip } from '../types.ts';
import { type CartEventDraft, cartEventRule } from './cart-event.ts';
import { chosenLines } from './eligible.ts';
import type { CartFacts } from './facts.ts';

export const addedToCart: Rule<CartFacts> = cartEventRule({
  name: 'added-to-cart',
  summary: 'A cart has line items: one event for each, at the time when it was added.',
  metric: 'addedToCart',
  per: 'each line item',
  settings: ['carts.addedToCart'],
  disabledBy: 'CartAddedTo',
  events: (facts, settings) => chosenLines(facts.cart).map((item) => lineEvent(item, facts, settings)),
});

function lineEvent(item: CartLineItem, facts: CartFacts, settings: RuleSettings): CartEventDraft | Skip {
  const { cart } = facts;
  if (item.id === undefined) return { skip: 'the id of a line item is missing or malformed' };
  if (item.addedAt === undefined) return { skip: 'a line item does not say when it was added' };
  const value = settings.carts.addedToCart.value === 'line' ? item.totalPrice : cart.totalPrice;
  if (value === undefined) return { skip: 'the totalPrice of a line item is missing or malformed' };
  const line = lineOf(item, facts, settings);
  return {
    uniqueId: `${cart.id}:${item.id}`,
    time: item.addedAt,
    value,
    properties: {
      AddedItemProductName: line.name,
      AddedItemProductID: line.productId,
      AddedItemSKU: line.sku,
      AddedItemCategories: line.categories,
      AddedItemImageURL: line.imageUrl,
      AddedItemURL: line.url,
      AddedItemPrice: line.itemPrice,
      AddedItemQuantity: line.quantity,
    },
  };
}
