/** Sum of the discounts of an order: those of carts, not those of products, which are part of a product's price. */

import type { CartDiscounted } from '../../commercetools/schema-fields.ts';
import type { Order } from '../../commercetools/schemas.ts';
import { type MoneyAddend, sumOf } from '../fields/money.ts';
import { passes } from '../fields/properties.ts';
import type { PropertyFilter } from '../settings.ts';

type DiscountedLine = Pick<Order['lineItems'][number], 'discountedPricePerQuantity'>;

/**
 * Returns what discounts take off lines, total price and shipping, in major units, or undefined if none applied.
 * commercetools has discounts of lines in `discountedPricePerQuantity` only, and those of the total price only in
 * `discountOnTotalPrice`. https://docs.commercetools.com/api/projects/cart-discounts#cartdiscounttarget
 * @param filter each part counts only if the field that it comes from passes
 */
export function discountValue(order: Order, filter: PropertyFilter): number | undefined {
  const from = (source: keyof Order, addends: () => MoneyAddend[]) => (passes(source, filter) ? addends() : []);
  const { discountOnTotalPrice, shippingInfo, shipping = [] } = order;
  // The price of a gift is discounted to 0, which is no saving on what was bought.
  const lines = order.lineItems.filter(({ lineItemMode }) => lineItemMode !== 'GiftLineItem');
  const addends = [
    ...from('lineItems', () => lines.flatMap(ofLine)),
    ...from('customLineItems', () => order.customLineItems.flatMap(ofLine)),
    ...from('discountOnTotalPrice', () =>
      discountOnTotalPrice ? [{ money: discountOnTotalPrice.discountedAmount, quantity: 1 }] : [],
    ),
    ...from('shippingInfo', () => ofPrice(shippingInfo?.discountedPrice)),
    ...from('shipping', () => shipping.flatMap((entry) => ofPrice(entry?.shippingInfo?.discountedPrice))),
  ];
  return sumOf(addends, order.totalPrice.currencyCode);
}

function ofLine({ discountedPricePerQuantity = [] }: DiscountedLine): MoneyAddend[] {
  return discountedPricePerQuantity.flatMap((entry) => ofPrice(entry?.discountedPrice, entry?.quantity));
}

/** @param quantity pieces with this price, each with these discounts */
function ofPrice(price: CartDiscounted, quantity = 1): MoneyAddend[] {
  const amounts = (price?.includedDiscounts ?? []).flatMap((included) => included?.discountedAmount ?? []);
  return amounts.map((money) => ({ money, quantity }));
}
