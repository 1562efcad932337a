/** Properties of an order's events: Klaviyo's names, fields of the order, custom fields. Later ones win. */
import { plainTexts } from '../fields/plain-text.ts';
import { filtered } from '../fields/properties.ts';
import { enumLabel, readableFields } from '../fields/readable.ts';
import type { RuleSettings } from '../settings.ts';
import { detailProperties } from './detail-properties.ts';
import type { OrderFacts } from './facts.ts';
import { distinct, itemNames, klaviyoNames } from './klaviyo-properties.ts';
import { lineOf } from './line.ts';

export const orderPropertySettings = [
  'order.properties',
  'order.customFields.properties',
  'order.customFields.values',
  'product.brandAttribute',
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
