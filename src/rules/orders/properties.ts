/** The properties of an order's events: our own names, the order's fields, its custom fields; later ones win. */
import { filtered } from '../fields/properties.ts';
import type { RuleSettings } from '../settings.ts';
import type { OrderFacts } from './facts.ts';
import { distinct, itemNames, klaviyoNames } from './klaviyo-properties.ts';
import { lineOf } from './line.ts';

/** Settings that bear on these properties. */
export const propertySettings = [
  'order.properties',
  'order.customFields.properties',
  'product.brandAttribute',
] as const;

/** Several rules ask the same of one order. */
const known = new WeakMap<OrderFacts, { settings: RuleSettings; properties: Record<string, unknown> }>();

/** As Placed Order, Fulfilled, Cancelled and Refunded Order carry them, before Klaviyo's limits. */
export function orderProperties(facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const before = known.get(facts);
  if (before?.settings === settings) return before.properties;
  const properties = allProperties(facts, settings);
  known.set(facts, { settings, properties });
  return properties;
}

function allProperties(facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const { order } = facts;
  const lines = order.lineItems.map((item) => lineOf(item, facts, settings));
  const raw = settings.order.properties.raw ? filtered(order, settings.order.properties) : nothing;
  const custom = filtered(order.custom?.fields ?? {}, settings.order.customFields.properties);
  const ours = withoutExcluded(klaviyoNames(facts, lines, settings), settings);
  // The two names that the incumbent sends with every order, whatever the filter lets pass.
  const always = withoutExcluded(
    { ItemNames: itemNames(order, settings), Categories: distinct(lines.flatMap(({ categories }) => categories)) },
    settings,
  );
  const plain = { ...ours, ...raw.properties, ...custom.properties };
  const mapped = Object.keys(always).filter((name) => raw.renamed.has(name) || custom.renamed.has(name));
  return { ...plain, ...always, ...picked(plain, mapped) };
}

/** Why an order was cancelled or refunded, from the custom field that the merchant names. */
export function reasonOf({ order }: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const { reasonField, properties } = settings.order;
  if (reasonField === '' || !properties.klaviyoNames) return {};
  const fields = order.custom?.fields ?? {};
  return withoutExcluded({ Reason: Object.hasOwn(fields, reasonField) ? fields[reasonField] : undefined }, settings);
}

/** `exclude` takes our names too; a name without a value is none. */
export function withoutExcluded(names: Record<string, unknown>, settings: RuleSettings): Record<string, unknown> {
  const { exclude } = settings.order.properties;
  return filtered(names, { include: [], exclude, map: {} }).properties;
}

const nothing: ReturnType<typeof filtered> = { properties: {}, renamed: new Set() };

function picked(record: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, record[name]]));
}
