/**
 * The floor: a minimal baseline loop that does only unavoidable work. Parses the same pages (or messages), builds the
 * same records as object literals (with the library that normalizes phone numbers to E.164), serializes each once,
 * joins and posts them. The service's CPU time is reported as a multiple of the floor's. Argument: JSON with
 * `scenario`, `shop`, `klaviyo`, `pages`.
 */
import { createServer } from 'node:http';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { Pool } from 'undici';
import { z } from 'zod';
import { currencyCountries } from '../src/rules/fields/country-currencies.ts';
import type { customer, inventoryEntry, order, product } from './fakes/records.ts';
import { reportUsage } from './usage.ts';

const options = z
  .object({
    scenario: z.enum(['customers', 'orders', 'products', 'realtime']),
    shop: z.string(),
    klaviyo: z.string(),
    pages: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? '{}'));
const shop = new Pool(options.shop);
const klaviyo = new Pool(options.klaviyo);

type Order = ReturnType<typeof order>;
const cents = (money: { centAmount: number }) => money.centAmount / 100;
const profileIdentity = (record: Order) => ({ email: record.customerEmail, external_id: record.customerId });
const addressProperties = ({
  firstName,
  lastName,
  streetName,
  city,
  country,
  postalCode,
  mobile,
}: Order['billingAddress']) => ({
  FirstName: firstName,
  LastName: lastName,
  Address1: streetName,
  City: city,
  CountryCode: country,
  Zip: postalCode,
  Phone: mobile,
});
const itemOf = (line: Order['lineItems'][number]) => ({
  ProductID: line.productId,
  SKU: line.variant.sku,
  ProductName: line.name.en,
  Quantity: line.quantity,
  ItemPrice: cents(line.totalPrice),
  RowTotal: cents(line.totalPrice),
  ProductURL: `https://shop.example/p/${line.productSlug.en}`,
  ImageURL: line.variant.images[0]?.url,
  Brand: 'Nordwind',
  Categories: ['Category 1', 'Category 1 > Category 2'],
});

function eventsOf(record: Order): string[] {
  const profile = { data: { type: 'profile', attributes: profileIdentity(record) } };
  const event = (metric: string, uniqueId: string, value: number, properties: object) =>
    JSON.stringify({
      type: 'event',
      attributes: {
        metric: { data: { type: 'metric', attributes: { name: metric } } },
        unique_id: uniqueId,
        time: record.createdAt,
        value,
        value_currency: 'EUR',
        properties,
      },
    });
  const placed = event('Placed Order', record.id, cents(record.totalPrice), {
    ...record,
    OrderId: record.orderNumber,
    Items: record.lineItems.map(itemOf),
    Brands: ['Nordwind'],
    BillingAddress: addressProperties(record.billingAddress),
    ShippingAddress: addressProperties(record.shippingAddress),
    ItemNames: record.lineItems.map(({ name }) => name.en),
    Categories: ['Category 1', 'Category 1 > Category 2'],
  });
  const lines = record.lineItems.map((line) =>
    event('Ordered Product', line.id, cents(line.totalPrice), {
      ...line,
      ...itemOf(line),
      OrderId: record.orderNumber,
    }),
  );
  const head = `{"type":"event-bulk-create","attributes":{"profile":${JSON.stringify(profile)},"backfill":true,"events":{"data":[`;
  return [`${head}${[placed, ...lines].join(',')}]}}}`];
}

function profileOf(record: ReturnType<typeof customer>): string {
  const [address] = record.addresses;
  return JSON.stringify({
    type: 'profile',
    attributes: {
      email: record.email,
      external_id: record.id,
      first_name: record.firstName,
      last_name: record.lastName,
      organization: record.companyName,
      phone_number: parsePhoneNumberFromString(address?.mobile ?? '', 'DE')?.number,
      location: {
        address1: `${address?.streetNumber}, ${address?.streetName}`,
        address2: '',
        city: address?.city,
        country: address?.country,
        region: '',
        zip: address?.postalCode,
      },
      properties: record.custom.fields,
    },
  });
}

function itemsOf(record: ReturnType<typeof product>, stock: ReadonlyMap<string, number>): string[] {
  const { current } = record.masterData;
  const shared = {
    title: current.name.en,
    description: current.description.en,
    url: `https://shop.example/p/${current.slug.en}`,
    published: true,
    custom_metadata: {
      title_json: JSON.stringify({ title_en: current.name.en, title_de: current.name.de }),
      slug_json: JSON.stringify({ slug_en: current.slug.en, slug_de: current.slug.de }),
      price_json: JSON.stringify({
        price_EUR: 10,
        ...Object.fromEntries(euroCountries.map((country) => [`price_${country}`, 10])),
      }),
      currency_json: JSON.stringify(Object.fromEntries(euroCountries.map((country) => [`currency_${country}`, 'EUR']))),
    },
  };
  const item = JSON.stringify({
    type: 'catalog-item',
    attributes: {
      integration_type: '$custom',
      catalog_type: '$default',
      ...shared,
      external_id: record.id,
      image_full_url: current.masterVariant?.images[0]?.url,
      price: 10,
    },
    relationships: { categories: { data: current.categories.map(({ id }) => ({ type: 'catalog-category', id })) } },
  });
  const variants = [current.masterVariant, ...current.variants].map((variant) =>
    JSON.stringify({
      type: 'catalog-variant',
      attributes: {
        integration_type: '$custom',
        catalog_type: '$default',
        ...shared,
        external_id: variant?.sku,
        sku: variant?.sku,
        image_full_url: variant?.images[0]?.url,
        price: variant?.prices[0] ? cents(variant.prices[0].value) : 0,
        inventory_quantity: stock.get(variant?.sku ?? '') ?? 0,
        inventory_policy: 1,
      },
      relationships: { item: { data: { type: 'catalog-item', id: record.id } } },
    }),
  );
  return [item, ...variants];
}

/** Countries with EUR. The metadata has a price for each of them. */
const euroCountries = currencyCountries.get('EUR') ?? [];

/** Returns the available quantity by SKU. Pages do not include stock, so it is queried with 100 SKUs per request. */
async function stockOf(products: readonly ReturnType<typeof product>[]): Promise<Map<string, number>> {
  const skus = products.flatMap(({ masterData: { current } }) =>
    [current.masterVariant, ...current.variants].map((variant) => variant?.sku ?? ''),
  );
  const stock = new Map<string, number>();
  for (let from = 0; from < skus.length; from += 100) {
    const query = new URLSearchParams({ limit: '500', where: 'sku in :values' });
    for (const sku of skus.slice(from, from + 100)) query.append('var.values', sku);
    const { body } = await shop.request({ method: 'GET', path: `/shop/inventory?${query}` });
    const { results }: { results: ReturnType<typeof inventoryEntry>[] } = JSON.parse(await body.text());
    for (const { sku, availableQuantity } of results) stock.set(sku, availableQuantity);
  }
  return stock;
}

const posts = {
  customers: [
    '/api/profile-bulk-import-jobs',
    '{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[',
  ],
  orders: [
    '/api/event-bulk-create-jobs',
    '{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[',
  ],
  realtime: [
    '/api/event-bulk-create-jobs',
    '{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[',
  ],
  products: [
    '/api/catalog-variant-bulk-create-jobs',
    '{"data":{"type":"catalog-variant-bulk-create-job","attributes":{"variants":{"data":[',
  ],
} as const;

async function post(parts: readonly string[]): Promise<void> {
  const [path, head] = posts[options.scenario];
  const { body } = await klaviyo.request({ method: 'POST', path, body: `${head}${parts.join(',')}]}}}}` });
  await body.dump();
}

async function bulk(): Promise<number> {
  let records = 0;
  let last: string | undefined;
  const pending: string[] = [];
  const max = options.scenario === 'orders' ? 200 : options.scenario === 'products' ? 100 : 10_000;
  for (let page = 0; page < options.pages; page += 1) {
    const query = new URLSearchParams({ limit: '500', sort: 'id asc' });
    if (last !== undefined) {
      query.set('where', 'id > :lower');
      query.set('var.lower', last);
    }
    const { body } = await shop.request({ method: 'GET', path: `/shop/${options.scenario}?${query}` });
    const { results } = JSON.parse(await body.text());
    const stock = options.scenario === 'products' ? await stockOf(results) : new Map();
    for (const record of results) {
      if (options.scenario === 'orders') pending.push(...eventsOf(record));
      else if (options.scenario === 'products') pending.push(...itemsOf(record, stock));
      else pending.push(profileOf(record));
    }
    records += results.length;
    last = results.at(-1)?.id;
    while (pending.length >= max) await post(pending.splice(0, max));
  }
  if (pending.length > 0) await post(pending);
  return records;
}

/** Accepts the same pushes as the service and responds once their batch is posted. */
function realtime(): void {
  let pending: string[] = [];
  let openResponses: (() => void)[] = [];
  setInterval(() => {
    if (pending.length === 0) return;
    const [parts, responders] = [pending, openResponses];
    [pending, openResponses] = [[], []];
    void post(parts).then(() => {
      for (const respond of responders) respond();
    });
  }, 200);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { message } = JSON.parse(Buffer.concat(chunks).toString());
      const { order: record } = JSON.parse(Buffer.from(message.data, 'base64').toString());
      pending.push(...eventsOf(record));
      openResponses.push(() => response.writeHead(204).end());
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` });
  });
}

reportUsage();
process.on('message', (message) => {
  if (message === 'run') void bulk().then((records) => process.send?.({ records }));
});
process.once('disconnect', () => process.exit(0));
if (options.scenario === 'realtime') realtime();
else process.send?.({ url: 'none' });
