/**
 * Properties of an order's events under the names that Klaviyo's templates, segments and recommendations use.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import type { Order } from '../../commercetools/schemas.ts';
import { klaviyoAddress } from '../fields/address.ts';
import { hasValue, passes } from '../fields/properties.ts';
import { localizedText } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';
import { discountValue } from './discount-value.ts';
import type { OrderFacts } from './facts.ts';
import { asItem, type Line } from './line.ts';

/** Names that are cut last when an event is too large, most valuable first. */
export const keptNames = [
  ...['OrderId', 'ProductID', 'SKU', 'ProductName', 'Quantity', 'ProductURL', 'ImageURL', 'ProductBrand'],
  ...['TrackingNumber', 'TrackingUrl', 'TrackingCompany', 'TrackingNumbers', 'ShipmentStatus'],
  ...['OrderEmail', 'OrderStatusUrl', 'DiscountCode', 'DiscountValue', 'Reason', 'BillingAddress', 'ShippingAddress'],
  ...['Subtotal', 'ShippingCosts', 'TaxTotal', 'ItemCount', 'ShippingMethod', 'PaymentMethod', 'Store', 'Locale'],
  ...['CustomerGroup', 'ItemNames', 'Categories', 'Brands', 'Items', 'lineItems'],
] as const;

/** Returns the properties with Klaviyo's names. Each is present only if its source field passes the filter. */
export function klaviyoNames(
  facts: OrderFacts,
  lines: readonly Line[],
  settings: RuleSettings,
): Record<string, unknown> {
  if (!settings.order.properties.klaviyoNames) return {};
  const { order } = facts;
  const from = (source: string, value: unknown) => (passes(source, settings.order.properties) ? value : undefined);
  const { billingAddress, shippingAddress } = order;
  return {
    OrderId: orderId(order, settings),
    Items: from('lineItems', lines.map(asItem)),
    Brands: from('lineItems', distinct(lines.map(({ brand }) => brand))),
    DiscountCode: from('discountCodes', facts.discountCodes.join(', ')),
    DiscountValue: discountValue(order, settings.order.properties),
    BillingAddress: from('billingAddress', billingAddress && klaviyoAddress(billingAddress)),
    ShippingAddress: from('shippingAddress', shippingAddress && klaviyoAddress(shippingAddress)),
  };
}

/** Returns the order number, else the id. Each is used only if it passes the filter. */
export function orderId(order: Order, settings: RuleSettings): string | undefined {
  const filter = settings.order.properties;
  if (passes('orderNumber', filter)) return hasValue(order.orderNumber) ? order.orderNumber : order.id;
  return passes('id', filter) ? order.id : undefined;
}

/** Returns the distinct names of the line items, then of the custom line items, without empty names. */
export function itemNames(order: Order, { preferredLocale }: RuleSettings): string[] {
  const items = [...order.lineItems, ...order.customLineItems];
  return distinct(items.map(({ name }) => localizedText(name, preferredLocale)));
}

export function distinct(texts: readonly (string | undefined)[]): string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}
