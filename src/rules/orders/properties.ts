/** Properties of an order's events: Klaviyo's names, fields of the order, custom fields. Later ones win. */
import type { Order } from '../../commercetools/schemas.ts';
import { klaviyoAddress } from '../fields/address.ts';
import { plainTexts } from '../fields/plain-text.ts';
import { filtered, hasValue, passes } from '../fields/properties.ts';
import { enumLabel, readableFields } from '../fields/readable.ts';
import { localizedText } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';
import { detailProperties } from './detail-properties.ts';
import { discountValue } from './discount-value.ts';
import type { OrderFacts } from './facts.ts';
import { asItem, type Line, lineOf } from './line.ts';

export const orderPropertySettings = [
  'order.properties',
  'order.customFields.properties',
  'order.customFields.values',
  'product.brandAttribute',
] as const;

/** Names that are cut last when an event is too large, most valuable first. */
export const keptNames = [
  ...['OrderId', 'ProductID', 'SKU', 'ProductName', 'Quantity', 'ProductURL', 'ImageURL', 'ProductBrand'],
  ...['TrackingNumber', 'TrackingUrl', 'TrackingCompany', 'TrackingNumbers', 'ShipmentStatus'],
  ...['OrderEmail', 'OrderStatusUrl', 'DiscountCode', 'DiscountValue', 'Reason', 'BillingAddress', 'ShippingAddress'],
  ...['Subtotal', 'ShippingCosts', 'TaxTotal', 'ItemCount', 'ShippingMethod', 'PaymentMethod', 'Store', 'Locale'],
  ...['CustomerGroup', 'ItemNames', 'Categories', 'Brands', 'Items', 'lineItems'],
] as const;

/** Several rules need the properties of the same order. */
const cache = new WeakMap<OrderFacts, { settings: RuleSettings; properties: Record<string, unknown> }>();

/** Returns the properties that Placed, Fulfilled, Cancelled and Refunded Order share, before Klaviyo's limits. */
export function orderProperties(facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const cached = cache.get(facts);
  if (cached?.settings === settings) return cached.properties;
  const properties = buildProperties(facts, settings);
  cache.set(facts, { settings, properties });
  return properties;
}

function buildProperties(facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const { order } = facts;
  const lines = order.lineItems.map((item) => lineOf(item, facts, settings));
  const raw = settings.order.properties.raw ? filtered(order, settings.order.properties) : nothing;
  const custom = filtered(customFieldsOf(facts, settings), settings.order.customFields.properties);
  const names = { ...klaviyoNames(facts, lines, settings), ...detailProperties(facts, settings) };
  const klaviyo = withoutExcluded(names, settings);
  // The open-source plugin sends these two names with every order, whatever the filter includes.
  const always = withoutExcluded(
    { ItemNames: itemNames(order, settings), Categories: distinct(lines.flatMap(({ categories }) => categories)) },
    settings,
  );
  const plain = { ...klaviyo, ...raw.properties, ...custom.properties };
  const mapped = Object.keys(always).filter((name) => raw.renamed.has(name) || custom.renamed.has(name));
  return { ...plain, ...always, ...picked(plain, mapped) };
}

/**
 * Returns the properties under the names that Klaviyo's templates, segments and recommendations use. Each is present only if its source field passes the filter.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
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
export function itemNames(
  order: Pick<Order, 'lineItems' | 'customLineItems'>,
  { preferredLocale }: RuleSettings,
): string[] {
  const items = [...order.lineItems, ...order.customLineItems];
  return distinct(items.map(({ name }) => localizedText(name, preferredLocale)));
}

export function distinct(texts: readonly (string | undefined)[]): string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}

export function customFieldsOf(
  { order, customFieldInfo }: OrderFacts,
  settings: RuleSettings,
): Record<string, unknown> {
  const fields = order.custom?.fields ?? {};
  if (settings.order.customFields.values === 'raw') return fields;
  return readableFields(fields, customFieldInfo, settings.preferredLocale);
}

export function reasonOf({ order, customFieldInfo }: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const { reasonField, properties } = settings.order;
  if (reasonField === '' || !properties.klaviyoNames) return {};
  const fields = order.custom?.fields ?? {};
  const value = Object.hasOwn(fields, reasonField) ? fields[reasonField] : undefined;
  const { preferredLocale } = settings;
  // A custom field holds the key of an enum; its label is in the type.
  const labelled = (Array.isArray(value) ? value : [value]).map(
    (element: unknown) => enumLabel(reasonField, element, customFieldInfo, preferredLocale) ?? element,
  );
  return withoutExcluded({ Reason: plainTexts(labelled, preferredLocale).join(', ') }, settings);
}

/** Removes names that `order.properties.exclude` contains and names without a value. */
export function withoutExcluded(names: Record<string, unknown>, settings: RuleSettings): Record<string, unknown> {
  const { exclude } = settings.order.properties;
  return filtered(names, { include: [], exclude, map: {} }).properties;
}

const nothing: ReturnType<typeof filtered> = { properties: {}, renamed: new Set() };

function picked(record: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, record[name]]));
}
