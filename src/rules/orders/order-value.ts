/** The value of an order's events: `order.value` and `order.lineValue`. Values of refunds do not depend on them. */
import type { LineItem, Money, Order } from '../../commercetools/schemas.ts';
import { type MoneyAddend, moneySum } from '../fields/money.ts';
import type { RuleSettings } from '../settings.ts';
import { orderDetailsOf, shippingCosts } from './order-details.ts';

/**
 * Returns the value of an event of the whole order.
 * https://docs.commercetools.com/api/projects/orders#order
 */
export function orderValue(order: Order, settings: RuleSettings): Money {
  switch (settings.order.value) {
    case 'total':
      return order.totalPrice;
    case 'gross':
      return orderDetailsOf(order).taxedPrice?.totalGross ?? order.totalPrice;
    case 'net':
      return orderDetailsOf(order).taxedPrice?.totalNet ?? order.totalPrice;
    case 'klaviyo':
      return subtotalWithShipping(order) ?? order.totalPrice;
  }
}

/** Returns the value of an event of one line item, or undefined if it has no readable total price. */
export function lineValue(item: LineItem, settings: RuleSettings): Money | undefined {
  // A gift has a list price, but no value: its discount is its whole price.
  const isGift = item.lineItemMode === 'GiftLineItem';
  if (settings.order.lineValue === 'total' || !item.totalPrice || isGift) return item.totalPrice;
  const price = item.price && (item.price.discounted?.value ?? item.price.value);
  const list = price && moneySum([{ money: price, quantity: item.quantity ?? 1 }], item.totalPrice.currencyCode);
  return list ?? item.totalPrice;
}

/**
 * Adds what Klaviyo's integrations of other platforms add: items and shipping after their discounts, less the discount of the
 * total price; tax is not added. https://help.klaviyo.com/hc/en-us/articles/115005080447
 */
function subtotalWithShipping(order: Order): Money | undefined {
  const { currencyCode } = order.totalPrice;
  const subtotal = subtotalOf(order);
  if (!subtotal) return undefined;
  const addends: MoneyAddend[] = [{ money: subtotal, quantity: 1 }];
  const shipping = shippingCosts(order);
  if (shipping) addends.push({ money: shipping, quantity: 1 });
  const discount = order.discountOnTotalPrice?.discountedAmount;
  if (discount) addends.push({ money: discount, quantity: -1 });
  return moneySum(addends, currencyCode);
}

/** Returns the sum of all lines after their discounts, or undefined if one has no readable total price, or without lines. */
export function subtotalOf({ lineItems, customLineItems, totalPrice }: Order): Money | undefined {
  const prices = [...lineItems, ...customLineItems].map((line) => line.totalPrice);
  const known = prices.filter((price) => price !== undefined);
  if (known.length < prices.length) return undefined;
  return moneySum(
    known.map((money) => ({ money, quantity: 1 })),
    totalPrice.currencyCode,
  );
}
