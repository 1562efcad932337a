/** Brings a sandbox into the situations of the recordings. */
import {
  bulkEventBody,
  category,
  eventBody,
  idOf,
  profileBody,
  type TestClient,
  untilComplete,
} from '../../sandbox/klaviyo/test-client.ts';

/** Prefix of the external ids in the recordings of the catalog. */
export const prefix = 'sdk-smoke-090444b5';
export const email = 'sdk-smoke+09047c86-a@example.com';

const texts = { description: 'A smoke record.', url: 'https://example.com/products/1' };
const image = 'https://example.com/img/1.jpg';

export function itemBody(name: string, categories: readonly string[], attributes: Record<string, unknown> = {}) {
  const defaults = { title: `Smoke ${prefix}`, ...texts, price: 5.5, custom_metadata: { smokeRun: '090444b5' } };
  return {
    type: 'catalog-item',
    attributes: { external_id: `${prefix}-${name}`, ...defaults, ...attributes },
    relationships: {
      categories: { data: categories.map((each) => ({ type: 'catalog-category', id: idOf(`${prefix}-${each}`) })) },
    },
  };
}

export function variantBody(name: string, item: string, sku: string, attributes: Record<string, unknown> = {}) {
  const stock = { sku, inventory_policy: 1, inventory_quantity: 10, price: 19.99, published: true };
  const more = { images: [image], custom_metadata: { smokeRun: '090444b5', size: 'M' } };
  return {
    type: 'catalog-variant',
    attributes: {
      external_id: `${prefix}-${name}`,
      title: `Smoke ${prefix}`,
      ...texts,
      ...stock,
      ...more,
      ...attributes,
    },
    relationships: { item: { data: { type: 'catalog-item', id: idOf(`${prefix}-${item}`) } } },
  };
}

/** Two categories, two items (the first one with images) and two variants of each. */
export async function smokeCatalog({ request }: TestClient): Promise<void> {
  for (const name of ['cat1', 'cat2']) {
    const data = category(`${prefix}-${name}`, `Smoke ${prefix}`);
    await request('POST', '/api/catalog-categories', { data });
  }
  const images = { image_full_url: image, image_thumbnail_url: image, images: [image] };
  const custom_metadata = { weightKg: 1.25, colour: 'blue', smokeRun: '090444b5' };
  await request('POST', '/api/catalog-items', { data: itemBody('item1', ['cat1'], { ...images, custom_metadata }) });
  await request('POST', '/api/catalog-items', { data: itemBody('item2', ['cat1']) });
  for (const item of ['item1', 'item2']) {
    for (const variant of ['v1', 'v2']) {
      const sku = `SKU-090444B5-${item}-${variant}`.toUpperCase();
      await request('POST', '/api/catalog-variants', { data: variantBody(`${item}-${variant}`, item, sku) });
    }
  }
}

export type CatalogKind = 'item' | 'variant' | 'category';

const fields = { item: 'items', variant: 'variants', category: 'categories' };

/** Returns two records of a kind for a create job. */
export function newRecords(kind: CatalogKind): object[] {
  if (kind === 'item') return [itemBody('bitem1', ['cat1']), itemBody('bitem2', ['cat1'])];
  if (kind === 'variant') return [variantBody('bvar1', 'item1', 'B1'), variantBody('bvar2', 'item1', 'B2')];
  return [category(`${prefix}-bcat1`), category(`${prefix}-bcat2`)];
}

/** Returns the records of `newRecords`, or others that do not exist, for an update or a delete job. */
export function knownRecords(kind: CatalogKind, verb: 'update' | 'delete', start = `${prefix}-`): object[] {
  const short = { item: 'bitem', variant: 'bvar', category: 'bcat' }[kind];
  const attributes = kind === 'category' ? { name: 'Renamed' } : { title: 'Renamed', price: 8.88 };
  return ['1', '2'].map((n) => {
    const record = { type: `catalog-${kind}`, id: idOf(`${start}${short}${n}`) };
    return verb === 'delete' ? record : { ...record, attributes };
  });
}

/** Returns the body of a catalog job. */
export function jobBody(kind: CatalogKind, verb: 'create' | 'update' | 'delete', records: object[]) {
  return { data: { type: `catalog-${kind}-bulk-${verb}-job`, attributes: { [fields[kind]]: { data: records } } } };
}

/** Starts a catalog job and returns its path. */
export async function startJob(
  { request }: TestClient,
  kind: CatalogKind,
  verb: 'create' | 'update' | 'delete',
  records: object[],
): Promise<string> {
  const path = `/api/catalog-${kind}-bulk-${verb}-jobs`;
  const started = await request('POST', path, jobBody(kind, verb, records));
  return `${path}/${started.data[0]?.id}`;
}

/** Runs a catalog job to its end and returns its path. */
export async function runJob(...args: Parameters<typeof startJob>): Promise<string> {
  const path = await startJob(...args);
  await untilComplete(args[0], path);
  return path;
}

/** Runs the jobs before a job of this kind and verb, so that its records exist as far as it needs them. */
export async function prepareJob(client: TestClient, kind: CatalogKind, verb: 'create' | 'update' | 'delete') {
  await smokeCatalog(client);
  if (verb !== 'create') await runJob(client, kind, 'create', newRecords(kind));
}

const address = { address1: 'Testvej 12', city: 'Copenhagen', country: 'Denmark', region: 'Capital', zip: '2300' };
const place = { latitude: 55.68, longitude: 12.58, timezone: 'Europe/Copenhagen' };

/** A profile with all attributes of the recorded one; returns its id. */
export async function smokeProfile({ request }: TestClient): Promise<string> {
  const names = { first_name: 'Smoke', last_name: 'Test', organization: 'Example', title: 'QA', locale: 'en-US' };
  const properties = { plan: 'pro', tags: ['x', 'y'], score: 7 };
  const rest = { external_id: 'ext-a', image, location: { ...address, ...place }, properties };
  const created = await request('POST', '/api/profiles', profileBody({ email, ...names, ...rest }));
  return created.data[0]?.id ?? '';
}

/** One single event without value and one bulk event, of two profiles; returns their metric and the bulk event. */
export async function smokeEvents({ request }: TestClient): Promise<{ metricId: string; eventId: string }> {
  const time = (second: number) => ({ time: `2026-09-04T13:38:5${second}+00:00` });
  const single = { properties: { sku: 'C3' }, unique_id: 'evt-3', ...time(4) };
  await request(
    'POST',
    '/api/events',
    eventBody({ email: 'ev0@example.com' }, { unique_id: 'evt-1', ...time(3) }, 'Smoke'),
  );
  await request('POST', '/api/events', eventBody({ email }, single, 'Smoke'));
  const metric = { data: { type: 'metric', attributes: { name: 'Smoke' } } };
  const properties = { sku: 'D4', bulk: true };
  const bulk = { metric, properties, unique_id: 'bulk-1', value: 3, value_currency: 'EUR', ...time(5) };
  const body = bulkEventBody([{ profile: { email: 'ev2@example.com' }, events: [bulk] }]);
  await request('POST', '/api/event-bulk-create-jobs', body);
  const [latest] = (await request('GET', '/api/events?sort=-datetime')).data;
  const [shown] = (await request('GET', '/api/metrics')).data;
  return { metricId: shown?.id ?? '', eventId: latest?.id ?? '' };
}

/** Body of a profile import into a list. */
export function importBody() {
  const profiles = ['c', 'd', 'e'].map((name) => ({
    type: 'profile',
    attributes: { email: `sdk-smoke-${name}@example.com`, first_name: name, properties: { source: 'bulk' } },
  }));
  return {
    data: {
      type: 'profile-bulk-import-job',
      attributes: { profiles: { data: profiles } },
      relationships: { lists: { data: [{ type: 'list', id: 'UcyY5r' }] } },
    },
  };
}

/** Starts a profile import and returns its path. */
export async function startImport({ request }: TestClient): Promise<string> {
  const started = await request('POST', '/api/profile-bulk-import-jobs', importBody());
  return `/api/profile-bulk-import-jobs/${started.data[0]?.id}`;
}
