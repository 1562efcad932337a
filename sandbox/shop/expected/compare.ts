/** Holds Klaviyo against the shop: what must be there, what is there, and where the two differ. Ids only, no personal data. */
import type { ShopAccess } from '../actors/shop-api.ts';
import { connectShop } from '../actors/shop-api.ts';
import { eventKey } from './events.ts';
import { type Expected, type ExpectOptions, expectedOf } from './index.ts';
import { type FoundProfile, type KlaviyoState, readKlaviyo } from './klaviyo-state.ts';

interface Row {
  readonly what: string;
  readonly expected: number;
  readonly found: number;
  readonly ok: boolean;
}

export interface Comparison {
  readonly rows: readonly Row[];
  /** One line for each record that is missing, too much or different. */
  readonly differences: readonly string[];
}

interface Amount {
  readonly metric: string;
  readonly value: number;
  readonly currency: string;
}

/** Reads both sides and compares them. */
export async function compare(shop: ShopAccess, klaviyoUrl: string, options: ExpectOptions = {}): Promise<Comparison> {
  const expected = await expectedOf(connectShop(shop), options);
  const found = await readKlaviyo(klaviyoUrl);
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

function row(what: string, expected: number, found: number): Row {
  return { what, expected, found, ok: Math.abs(expected - found) < 0.005 };
}

function eventRows(expected: Expected, found: KlaviyoState): Row[] {
  const wanted: Amount[] = [...expected.events.values()];
  const present: Amount[] = found.events.map(({ metric, value, value_currency }) => ({
    metric,
    value: value ?? 0,
    currency: value_currency ?? '',
  }));
  const metrics = [...new Set([...wanted, ...present].map(({ metric }) => metric))].sort();
  return metrics.flatMap((metric) => {
    const [ours, theirs] = [wanted, present].map((list) => list.filter((one) => one.metric === metric));
    if (ours === undefined || theirs === undefined) return [];
    const currencies = [...new Set([...ours, ...theirs].map(({ currency }) => currency))].sort();
    const sum = (list: readonly Amount[], currency: string) =>
      list.filter((one) => one.currency === currency).reduce((total, { value }) => total + value, 0);
    return [
      row(`events ${metric}`, ours.length, theirs.length),
      ...currencies.map((currency) => row(`value ${metric} ${currency}`, sum(ours, currency), sum(theirs, currency))),
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
  const twice = found.events.length - present.size;
  const missing = [...expected.events].flatMap(([key, event]) => {
    const there = present.get(key);
    if (there === undefined) return [`event missing: ${key}`];
    const owner = there.profile;
    const sameOwner =
      (event.email !== undefined && owner.email?.toLowerCase() === event.email.toLowerCase()) ||
      (event.customerId !== undefined && owner.external_id === event.customerId);
    return differing(`event ${key}`, [
      ['value', event.value, there.value],
      ['currency', event.currency, there.value_currency],
      ['time', event.time === undefined ? undefined : seconds(event.time), seconds(there.time)],
      ['owner', true, sameOwner],
    ]);
  });
  const surplus = [...present.keys()].filter((key) => !expected.events.has(key)).map((key) => `event too much: ${key}`);
  return [...missing, ...surplus, ...(twice > 0 ? [`${twice} events are there twice`] : [])];
}

function profileDifferences(expected: Expected, found: KlaviyoState): string[] {
  const byId = new Map(found.profiles.map((profile) => [profile.external_id, profile]));
  return expected.profiles.flatMap((wanted) => {
    const there = byId.get(wanted.customerId);
    const name = `profile of customer ${wanted.customerId}`;
    if (there === undefined) return [`${name}: missing`];
    const moved =
      expected.movedByOrders.has(wanted.customerId) || expected.movedByOrders.has(wanted.email.toLowerCase());
    return differing(name, [
      ['email', wanted.email, there.email],
      ['first_name', comparable(wanted.firstName), there.first_name],
      ['last_name', comparable(wanted.lastName), there.last_name],
      ['title', wanted.title, there.title],
      ['organization', wanted.organization, there.organization],
      ['city', moved ? undefined : wanted.city, placeOf(there, 'city')],
      ['country', moved ? undefined : wanted.country, placeOf(there, 'country')],
    ]).map(withoutValues);
  });
}

/** How long a name Klaviyo takes is not published: what may have been cut is not compared. */
function comparable(name: string | undefined): string | undefined {
  return name !== undefined && name.length > 200 ? undefined : name;
}

function placeOf({ location }: FoundProfile, name: string): unknown {
  return location[name];
}

/** Names and addresses stay out of reports. */
function withoutValues(difference: string): string {
  return difference.replace(/: expected .*$/, ' differs');
}

function itemDifferences(expected: Expected, found: KlaviyoState): string[] {
  const present = new Map(found.items.map((item) => [item.external_id, item]));
  const categoryIds = new Map(found.categories.map(({ id, external_id }) => [id, external_id]));
  const wrong = expected.items.flatMap((wanted) => {
    const there = present.get(wanted.id);
    if (there === undefined) return [`item missing: ${wanted.id}`];
    const linked = there.categories.map((id) => categoryIds.get(id) ?? id).sort();
    return differing(`item ${wanted.id}`, [
      ['title', wanted.title, there.title],
      ['description', wanted.description, there.description],
      ['url', wanted.url, there.url],
      ['image', wanted.image, there.image_full_url],
      ['price', wanted.price, there.price],
      ['published', true, there.published],
      ['categories', wanted.categories.join(' '), linked.join(' ')],
    ]);
  });
  return [...wrong, ...surplus('item', new Set(expected.items.map(({ id }) => id)), present.keys())];
}

function variantDifferences(expected: Expected, found: KlaviyoState): string[] {
  const present = new Map(found.variants.map((variant) => [variant.external_id, variant]));
  const items = new Map(found.items.map(({ id, external_id }) => [id, external_id]));
  const wrong = expected.variants.flatMap((wanted) => {
    const there = present.get(wanted.sku);
    if (there === undefined) return [`variant missing: ${wanted.sku}`];
    return differing(`variant ${wanted.sku}`, [
      ['item', wanted.item, items.get(there.item) ?? there.item],
      ['title', wanted.title, there.title],
      ['image', wanted.image, there.image_full_url],
      ['price', wanted.price, there.price],
      ['quantity', wanted.quantity, there.inventory_quantity],
      ['policy', wanted.policy, there.inventory_policy],
    ]);
  });
  return [...wrong, ...surplus('variant', new Set(expected.variants.map(({ sku }) => sku)), present.keys())];
}

function categoryDifferences(expected: Expected, found: KlaviyoState): string[] {
  const present = new Map(found.categories.map((category) => [category.external_id, category]));
  const wrong = [...expected.categories].flatMap(([id, name]) => {
    const there = present.get(id);
    return there === undefined
      ? [`category missing: ${id}`]
      : differing(`category ${id}`, [['name', name, there.name]]);
  });
  return [...wrong, ...surplus('category', new Set(expected.categories.keys()), present.keys())];
}

function surplus(what: string, wanted: ReadonlySet<string>, present: Iterable<string>): string[] {
  return [...present].filter((id) => !wanted.has(id)).map((id) => `${what} too much: ${id}`);
}

/** Pairs whose expected value is undefined are not compared. */
function differing(name: string, pairs: readonly (readonly [string, unknown, unknown])[]): string[] {
  return pairs
    .filter(([, wanted, there]) => wanted !== undefined && wanted !== there)
    .map(([field, wanted, there]) => `${name} ${field}: expected ${wanted}, found ${there}`);
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1_000);
}
