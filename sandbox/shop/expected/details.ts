/** Computes the expected details of orders: properties of all events of the whole order. */
import { localizedText, toMajorUnits } from './format.ts';
import type { Money, Shop, ShopOrder } from './read-shop.ts';

export type ExpectedDetails = Readonly<Record<string, string | number | undefined>>;

/** @param live ids of orders that were bought while messages arrived: their payment was added afterwards */
export function expectedDetails(shop: Shop, live: ReadonlySet<string>): ReadonlyMap<string, ExpectedDetails> {
  return new Map(
    shop.orders.map((order) => {
      const { PaymentMethod, ...details } = detailsOf(shop, order);
      return [order.id, live.has(order.id) ? details : { ...details, PaymentMethod }];
    }),
  );
}

function detailsOf(shop: Shop, order: ShopOrder) {
  const { lineItems, customLineItems = [], shippingInfo, shipping = [], taxedPrice, customerGroup } = order;
  const methods = [shippingInfo, ...shipping.map((entry) => entry.shippingInfo)].filter((info) => info !== undefined);
  const store = shop.stores.get(order.store?.key ?? '');
  const payment = shop.payments.get(order.paymentInfo?.payments[0]?.id ?? '');
  const method = payment?.paymentMethodInfo;
  return {
    Subtotal: sumOf([...lineItems, ...customLineItems].map(({ totalPrice }) => totalPrice)),
    ShippingCosts: sumOf(methods.flatMap(({ price, discountedPrice }) => discountedPrice?.value ?? price ?? [])),
    TaxTotal: taxedPrice?.totalTax && toMajorUnits(taxedPrice.totalTax),
    ItemCount: lineItems.reduce((sum, { quantity }) => sum + quantity, 0),
    Store: localizedText(store?.name) ?? order.store?.key,
    Locale: order.locale || undefined,
    CustomerGroup: shop.customerGroups.get(customerGroup?.id ?? '')?.name,
    OrderStatusUrl: store?.storefront?.orderUrlTemplate?.replace('{orderId}', order.id),
    PaymentMethod: localizedText(method?.name) ?? method?.method,
  };
}

function sumOf(amounts: readonly Money[]): number | undefined {
  if (amounts.length === 0) return undefined;
  return amounts.map(toMajorUnits).reduce((sum, amount) => sum + amount, 0);
}
