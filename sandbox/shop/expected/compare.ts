/** Compares the expected with the actual Klaviyo state and lists the differences by id, without personal data. */
import type { ShopAccess } from '../actors/shop-api.ts';
import { connectShop } from '../actors/shop-api.ts';
import { isExpectedCart } from './carts.ts';
import { type ExpectedEvent, eventKey } from './events.ts';
import { type Expected, type ExpectOptions, expectedOf } from './index.ts';
import { type KlaviyoProfile, type KlaviyoState, readKlaviyo } from './klaviyo-state.ts';

interface Row {
  readonly name: string;
  readonly expected: number;
  readonly actual: number;
  readonly ok: boolean;
}

/** Counts and sums per row, and differences per record. */
export interface Comparison {
  readonly rows: readonly Row[];
  /** One line per missing, unexpected or different record. */
  readonly differences: readonly string[];
}

interface Amount {
  readonly metric: string;
  readonly value: number;
  readonly currency: string;
}

/** Reads both APIs and compares them. */
export async function compare(shop: ShopAccess, klaviyoUrl: string, options: ExpectOptions = {}): Promise<Comparison> {
  const expected = await expectedOf(connectShop(shop), options);
  const all = await readKlaviyo(klaviyoUrl);
  const isCompared = (event: KlaviyoState['events'][number]) =>
    !options.carts || isExpectedCart(event, expected.events.values());
  const found = { ...all, events: all.events.filter(isCompared) };
  const events = { rows: eventRows(expected, found), differences: eventDifferences(expected, found) };
  if (options.bulk === false) return events;
  return {
    rows: [...events.rows, ...recordRows(expected, found)],
    differences: [
      ...events.differences,
      ...profileDifferences(expected, found),
      ...itemDifferences(expected, found),
      ...variantDifferences(expected, found),
      ...categoryDifferences(expected, found),
    ],
  };
}

function row(name: string, expected: number, actual: number): Row {
  return { name, expected, actual, ok: Math.abs(expected - actual) < 0.005 };
}

function eventRows(expected: Expected, found: KlaviyoState): Row[] {
  const expectedAmounts: Amount[] = [...expected.events.values()];
  const actualAmounts: Amount[] = found.events.map(({ metric, value, value_currency }) => ({
    metric,
    value: value ?? 0,
    currency: value_currency ?? '',
  }));
  const metrics = [...new Set([...expectedAmounts, ...actualAmounts].map(({ metric }) => metric))].sort();
  return metrics.flatMap((metric) => {
    const [expectedOfMetric, actualOfMetric] = [expectedAmounts, actualAmounts].map((list) =>
      list.filter((amount) => amount.metric === metric),
    );
    if (expectedOfMetric === undefined || actualOfMetric === undefined) return [];
    const currencies = [...new Set([...expectedOfMetric, ...actualOfMetric].map(({ currency }) => currency))].sort();
    const sum = (list: readonly Amount[], currency: string) =>
      list.filter((amount) => amount.currency === currency).reduce((total, { value }) => total + value, 0);
    return [
      row(`events ${metric}`, expectedOfMetric.length, actualOfMetric.length),
      ...currencies.map((currency) =>
        row(`value ${metric} ${currency}`, sum(expectedOfMetric, currency), sum(actualOfMetric, currency)),
      ),
    ];
  });
}

function recordRows(expected: Expected, found: KlaviyoState): Row[] {
  return [
    row('profiles', expected.profileCount, found.profiles.length),
    row('items', expected.items.length, found.items.length),
    row('variants', expected.variants.length, found.variants.length),
    row('categories', expected.categories.size, found.categories.length),
  ];
}

function eventDifferences(expected: Expected, found: KlaviyoState): string[] {
  const present = new Map(found.events.map((event) => [eventKey({ ...event, uniqueId: event.unique_id }), event]));
  const duplicates = found.events.length - present.size;
  const missing = [...expected.events].flatMap(([key, event]) => {
    const actual = present.get(key);
    if (actual === undefined) return [`event missing: ${key}`];
    const owner = actual.profile;
    const sameOwner =
      [event.email, event.orderEmail].some(
        (email) => email !== undefined && owner.email?.toLowerCase() === email.toLowerCase(),
      ) ||
      (event.customerId !== undefined && owner.external_id === event.customerId);
    return formatDifferences(`event ${key}`, [
      ['value', event.value, actual.value],
      ['currency', event.currency, actual.value_currency],
      ['time', event.time === undefined ? undefined : seconds(event.time), seconds(actual.time)],
      ['owner', true, sameOwner],
      ...detailPairs(event, expected, actual.properties),
    ]);
  });
  const unexpectedRecords = [...present.keys()]
    .filter((key) => !expected.events.has(key))
    .map((key) => `unexpected event: ${key}`);
  return [...missing, ...unexpectedRecords, ...(duplicates > 0 ? [`${duplicates} duplicate events`] : [])];
}

const withDetails = new Set(['Placed Order', 'Fulfilled Order', 'Cancelled Order', 'Refunded Order']);

/** Other events have properties of their own instead, such as those of a line or of a parcel. */
function detailPairs(
  { metric, uniqueId, properties: own = {} }: ExpectedEvent,
  { details }: Expected,
  properties: Record<string, unknown>,
): [string, unknown, unknown][] {
  const [orderId = ''] = uniqueId.split(':');
  const expected = withDetails.has(metric) ? details.get(orderId) : own;
  return Object.entries(expected ?? {}).map(([name, value]) => [name, rounded(value), rounded(properties[name])]);
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}

function profileDifferences(expected: Expected, found: KlaviyoState): string[] {
  const byId = new Map(found.profiles.map((profile) => [profile.external_id, profile]));
  return expected.profiles.flatMap((customer) => {
    const actual = byId.get(customer.customerId);
    const name = `profile of customer ${customer.customerId}`;
    if (actual === undefined) return [`${name}: missing`];
    const moved =
      expected.movedByOrders.has(customer.customerId) || expected.movedByOrders.has(customer.email.toLowerCase());
    return formatDifferences(name, [
      ['email', customer.email, actual.email],
      ['first_name', comparableName(customer.firstName), actual.first_name],
      ['last_name', comparableName(customer.lastName), actual.last_name],
      ['title', customer.title, actual.title],
      ['organization', customer.organization, actual.organization],
      ['city', moved ? undefined : customer.city, locationField(actual, 'city')],
      ['country', moved ? undefined : customer.country, locationField(actual, 'country')],
      ...Object.entries(customer.fields).map(
        ([field, value]) => [field, asText(value), asText(actual.properties[field])] as const,
      ),
    ]).map(withoutValues);
  });
}

/** Klaviyo does not document its maximum name length, so possibly truncated names are not compared. */
function comparableName(name: string | undefined): string | undefined {
  return name !== undefined && name.length > 200 ? undefined : name;
}

function asText(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function locationField({ location }: KlaviyoProfile, name: string): unknown {
  return location[name];
}

/** Removes values, so that reports contain no names or addresses. */
function withoutValues(difference: string): string {
  return difference.replace(/: expected .*$/, ' differs');
}

function itemDifferences(expected: Expected, found: KlaviyoState): string[] {
  const present = new Map(found.items.map((item) => [item.external_id, item]));
  const categoryIds = new Map(found.categories.map(({ id, external_id }) => [id, external_id]));
  const wrong = expected.items.flatMap((item) => {
    const actual = present.get(item.id);
    if (actual === undefined) return [`item missing: ${item.id}`];
    const linked = actual.categories.map((id) => categoryIds.get(id) ?? id).sort();
    return formatDifferences(`item ${item.id}`, [
      ['title', item.title, actual.title],
      ['description', item.description, actual.description],
      ['url', item.url, actual.url],
      ['image', item.image ?? '', actual.image_full_url ?? ''],
      ['price', item.price, actual.price],
      ['published', true, actual.published],
      ['rating_average', item.rating?.[0], actual.custom_metadata.rating_average],
      ['rating_count', item.rating?.[1], actual.custom_metadata.rating_count],
      ['categories', item.categories.join(' '), linked.join(' ')],
    ]);
  });
  return [...wrong, ...unexpectedRecords('item', new Set(expected.items.map(({ id }) => id)), present.keys())];
}

function variantDifferences(expected: Expected, found: KlaviyoState): string[] {
  const present = new Map(found.variants.map((variant) => [variant.external_id, variant]));
  const items = new Map(found.items.map(({ id, external_id }) => [id, external_id]));
  const wrong = expected.variants.flatMap((variant) => {
    const actual = present.get(variant.sku);
    if (actual === undefined) return [`variant missing: ${variant.sku}`];
    return formatDifferences(`variant ${variant.sku}`, [
      ['item', variant.item, items.get(actual.item) ?? actual.item],
      ['title', variant.title, actual.title],
      ['image', variant.image ?? '', actual.image_full_url ?? ''],
      ['price', variant.price, actual.price],
      ['quantity', variant.quantity, actual.inventory_quantity],
      ['policy', variant.policy, actual.inventory_policy],
    ]);
  });
  return [...wrong, ...unexpectedRecords('variant', new Set(expected.variants.map(({ sku }) => sku)), present.keys())];
}

function categoryDifferences(expected: Expected, found: KlaviyoState): string[] {
  const present = new Map(found.categories.map((category) => [category.external_id, category]));
  const wrong = [...expected.categories].flatMap(([id, name]) => {
    const actual = present.get(id);
    return actual === undefined
      ? [`category missing: ${id}`]
      : formatDifferences(`category ${id}`, [['name', name, actual.name]]);
  });
  return [...wrong, ...unexpectedRecords('category', new Set(expected.categories.keys()), present.keys())];
}

function unexpectedRecords(
  recordType: string,
  expectedIds: ReadonlySet<string>,
  actualIds: Iterable<string>,
): string[] {
  return [...actualIds].filter((id) => !expectedIds.has(id)).map((id) => `unexpected ${recordType}: ${id}`);
}

/** Formats the pairs that differ. A pair with an undefined expected value is not compared. */
function formatDifferences(name: string, pairs: readonly (readonly [string, unknown, unknown])[]): string[] {
  return pairs
    .filter(([, expected, actual]) => expected !== undefined && expected !== actual)
    .map(([field, expected, actual]) => `${name} ${field}: expected ${expected}, found ${actual}`);
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1_000);
}
