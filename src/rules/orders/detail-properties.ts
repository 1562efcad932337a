/** Properties of `order.properties.details`, and the link to the order's page. */
import { majorUnits } from '../fields/money.ts';
import { passes } from '../fields/properties.ts';
import { localizedText } from '../fields/text.ts';
import { orderUrl, orderUrlOfStore } from '../fields/url.ts';
import type { RuleSettings } from '../settings.ts';
import { storeName } from '../shop-names.ts';
import type { OrderFacts } from './facts.ts';
import { orderDetailsOf, sendsDetails, shippingCosts, shippingMethodNames } from './order-details.ts';
import { subtotalOf } from './order-value.ts';

/** Returns the properties that every event of the whole order has. Each is present only if its source passes the filter. */
export function detailProperties(facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  if (!sendsDetails(settings)) return {};
  const { order, shopNames, paymentMethod } = facts;
  const { taxedPrice, store, locale, customerGroup } = orderDetailsOf(order);
  const from = (sources: readonly string[], value: unknown) =>
    sources.every((source) => passes(source, settings.order.properties)) ? value : undefined;
  const shipping = shippingCosts(order);
  const subtotal = subtotalOf(order);
  return {
    Subtotal: from(['lineItems', 'customLineItems'], subtotal && majorUnits(subtotal)),
    ShippingCosts: from(['shippingInfo', 'shipping'], shipping && majorUnits(shipping)),
    TaxTotal: from(['taxedPrice'], taxedPrice?.totalTax && majorUnits(taxedPrice.totalTax)),
    ItemCount: from(['lineItems'], itemCount(facts)),
    ShippingMethod: from(['shippingInfo', 'shipping'], shippingMethodNames(order).join(', ')),
    PaymentMethod: from(
      ['paymentInfo'],
      localizedText(paymentMethod?.name, settings.preferredLocale) ?? paymentMethod?.method,
    ),
    Store: from(['store'], store && storeName(store.key, shopNames, settings.preferredLocale)),
    Locale: from(['locale'], locale),
    CustomerGroup: from(['customerGroup'], customerGroup && shopNames.groups.get(customerGroup.id)),
  };
}

function itemCount({ order }: OrderFacts): number {
  return order.lineItems.reduce((count, { quantity = 0 }) => count + quantity, 0);
}

/** Returns the link to the page of the order, from `order.url`, else from the template of the order's store. */
export function orderStatusUrl({ order, shopNames }: OrderFacts, settings: RuleSettings): string | undefined {
  const { url, properties } = settings.order;
  if (!properties.klaviyoNames || (url === '' && !properties.details)) return undefined;
  const { locale, store } = orderDetailsOf(order);
  if (url !== '') {
    const values = { orderId: order.id, orderNumber: order.orderNumber };
    return orderUrl(url, { ...values, locale: locale ?? settings.preferredLocale });
  }
  if (!properties.details || !store) return undefined;
  return orderUrlOfStore(shopNames.stores.get(store.key)?.storefront?.orderUrlTemplate, order.id);
}
