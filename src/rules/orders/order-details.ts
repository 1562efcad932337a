/** Shipping, tax, store and payment of an order, for `order.properties.details` and `order.value`. */
import { type Money, type Order, type OrderDetails, orderDetailsSchema } from '../../commercetools/schemas.ts';
import { moneySum } from '../fields/money.ts';
import type { RuleSettings } from '../settings.ts';
import type { NamedRecords } from '../shop-names.ts';

const cache = new WeakMap<Order, OrderDetails>();

/** Parsed only when a setting asks for it, because most shops leave these settings off. */
export function orderDetailsOf(order: Order): OrderDetails {
  const known = cache.get(order);
  if (known) return known;
  const details = orderDetailsSchema.parse(order);
  cache.set(order, details);
  return details;
}

export function sendsDetails({ order: { properties } }: RuleSettings): boolean {
  return properties.klaviyoNames && properties.details;
}

/** Returns the group and the store whose names the events need. */
export function namedIn(order: Order, settings: RuleSettings): NamedRecords {
  if (!sendsDetails(settings)) return { groupIds: [], storeKeys: [] };
  const { customerGroup, store } = orderDetailsOf(order);
  return { groupIds: customerGroup ? [customerGroup.id] : [], storeKeys: store ? [store.key] : [] };
}

/** Returns the price of shipping after its discounts, of all shipping methods of the order, or undefined without any. */
export function shippingCosts(order: Order): Money | undefined {
  const prices = shippingOf(order).flatMap((info) => info.discountedPrice?.value ?? info.price ?? []);
  return moneySum(
    prices.map((money) => ({ money, quantity: 1 })),
    order.totalPrice.currencyCode,
  );
}

export function shippingMethodNames(order: Order): string[] {
  return [...new Set(shippingOf(order).flatMap(({ shippingMethodName }) => shippingMethodName ?? []))];
}

/** `shippingInfo` has shipping mode Single, `shipping` has Multiple. */
function shippingOf(order: Order): NonNullable<OrderDetails['shippingInfo']>[] {
  const { shippingInfo, shipping = [] } = orderDetailsOf(order);
  return [shippingInfo, ...shipping.map((entry) => entry?.shippingInfo)].filter((info) => info !== undefined);
}
