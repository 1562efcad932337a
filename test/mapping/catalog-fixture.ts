/** Sets up the catalogue: products, categories and stock into the shop, messages in, records out of Klaviyo. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  category,
  changeDelivery,
  delivery,
  inventoryEntry,
  type Json,
  price,
  product,
  reference,
  variant,
  withoutPayload,
} from '../fixtures/index.ts';
import { startTestEnv, type TestEnvOptions } from '../test-env.ts';

const prefix = '$custom:::$default:::';
/** Klaviyo's id of a catalogue record. */
export const klaviyoId = (externalId: string) => `${prefix}${externalId}`;
const bare = z.string().transform((id) => id.replace(prefix, ''));

const sellable = {
  external_id: z.string(),
  title: z.string(),
  description: z.string(),
  url: z.string(),
  image_full_url: z.string().nullable(),
  published: z.boolean(),
  custom_metadata: z.record(z.string(), z.string()),
};
const itemShape = z.object({ ...sellable, price: z.number().nullable(), categories: z.array(bare) });
const variantShape = z.object({
  ...sellable,
  sku: z.string(),
  price: z.number(),
  inventory_quantity: z.number(),
  inventory_policy: z.number(),
  item: bare,
});
const categoryShape = z.object({ external_id: z.string(), name: z.string(), items: z.array(bare) });
export type SeenItem = z.infer<typeof itemShape>;
export type SeenVariant = z.infer<typeof variantShape>;
export type SeenCategory = z.infer<typeof categoryShape>;

const requests = z.object({ counts: z.record(z.string(), z.record(z.string(), z.number())) });
const line = z.object({
  msg: z.string(),
  record: z.object({ id: z.string() }).optional(),
  warning: z.object({ code: z.string(), detail: z.string() }).optional(),
  reasons: z.array(z.string()).optional(),
});

/** A product of the shop, with its variants' skus. */
export interface Made {
  id: string;
  sku: string;
  sku2: string;
  record: Json;
}

/** A new published product with two variants, in no category by default. */
export function newProduct(current: Json = {}, overrides: Json = {}): Made {
  const own = randomUUID();
  const [sku, sku2] = [`${own.slice(0, 8)}-S`, `${own.slice(0, 8)}-M`];
  const data = {
    categories: [],
    masterVariant: variant({ sku }),
    variants: [variant({ id: 2, sku: sku2, images: [], prices: [price(8490)] })],
    ...current,
  };
  return { id: own, sku, sku2, record: product({ id: own, key: `key-${own}`, ...overrides }, data) };
}

/** The same product with other data. */
export function changed(made: Made, current: Json, overrides: Json = {}): Made {
  const { masterData } = z
    .looseObject({ masterData: z.looseObject({ current: z.record(z.string(), z.unknown()) }) })
    .parse(made.record);
  const data = { ...masterData.current, ...current };
  return {
    ...made,
    record: { ...made.record, masterData: { ...masterData, current: data, staged: data }, ...overrides },
  };
}

/** The same product, not in the shop any more. */
export function unpublished(made: Made): Made {
  const { masterData } = z.looseObject({ masterData: z.looseObject({}) }).parse(made.record);
  return { ...made, record: { ...made.record, masterData: { ...masterData, published: false } } };
}

/** A category nobody has seen before, below another one where `parent` is given. */
export function newCategory(name: string, parent?: Json, overrides: Json = {}): Json {
  const own = randomUUID();
  const above = parent ? { parent: referenceTo(parent), ancestors: [...ancestorsOf(parent), referenceTo(parent)] } : {};
  const named = { name: { 'en-US': name }, slug: { 'en-US': own } };
  return category({ id: own, key: own, ...named, ...above, ...overrides });
}

export function idOf(record: Json): string {
  return z.looseObject({ id: z.string() }).parse(record).id;
}

export function referenceTo(record: Json, typeId = 'category'): Json {
  return reference(typeId, idOf(record));
}

function ancestorsOf(record: Json): unknown[] {
  return z.looseObject({ ancestors: z.array(z.unknown()) }).parse(record).ancestors;
}

/** What is in stock of a sku, in a channel where one is given. */
export function newEntry(sku: string, availableQuantity: number, channel?: string): Json {
  const supplyChannel = channel === undefined ? {} : { supplyChannel: reference('channel', channel) };
  return inventoryEntry({
    id: randomUUID(),
    sku,
    availableQuantity,
    quantityOnStock: availableQuantity,
    ...supplyChannel,
  });
}

/** A world with what catalogue tests ask it. */
export async function startCatalogShop(options: TestEnvOptions = {}) {
  const testEnv = await startTestEnv(options);
  let messageCount = 0;

  async function only<Found>(found: readonly Found[], what: string): Promise<Found> {
    assert.equal(found.length, 1, `${found.length} records of ${what}`);
    const [one] = found;
    assert.ok(one !== undefined);
    return one;
  }
  const items = async () => z.array(itemShape).parse(await testEnv.items());
  const variants = async () => z.array(variantShape).parse(await testEnv.variants());
  const categories = async () => z.array(categoryShape).parse(await testEnv.categories());
  const lines = (recordId: string, what: string) =>
    testEnv.logged
      .map((text) => line.safeParse(JSON.parse(text)))
      .flatMap(({ data }) => (data?.msg === what && data.record?.id === recordId ? [data] : []));

  const sendMessage = (type: string, ref: Json, own: Json = {}) =>
    testEnv.push(delivery(type, ref, { id: randomUUID(), ...own }));
  const sendWithoutPayload = (type: string, ref: Json) =>
    testEnv.push({ ...withoutPayload(type, ref), id: randomUUID() });
  function sendChange(notificationType: string, ref: Json): Promise<number> {
    messageCount += 1;
    return testEnv.push({ ...changeDelivery(notificationType, ref), version: messageCount });
  }

  return {
    testEnv,
    items,
    variants,
    categories,
    item: async (id: string) =>
      only(
        (await items()).filter((one) => one.external_id === id),
        `item ${id}`,
      ),
    variant: async (sku: string) =>
      only(
        (await variants()).filter((one) => one.sku === sku),
        `variant ${sku}`,
      ),
    category: async (id: string) =>
      only(
        (await categories()).filter((one) => one.external_id === id),
        `category ${id}`,
      ),
    /** The skus that Klaviyo holds under an item. */
    skusOf: async (id: string) => (await variants()).flatMap(({ item, sku }) => (item === id ? [sku] : [])).sort(),
    /** A message; @returns the status of the answer. */
    sendMessage,
    /** The same, too large for its broker. */
    sendWithoutPayload,
    /** A change of a resource. */
    sendChange,
    addRecords: (typeId: string, ...records: Json[]) => testEnv.addRecords(typeId, ...records),
    /** The product is in the shop as given, and its message arrives; it has to be taken. */
    async publish(made: Made): Promise<void> {
      await testEnv.addRecords('product', made.record);
      assert.equal(await sendMessage('ProductPublished', reference('product', made.id)), 204);
    },
    /** A new or changed inventory entry and its message. */
    async stocked(entry: Json): Promise<number> {
      await testEnv.addRecords('inventory-entry', entry);
      return sendChange('ResourceUpdated', referenceTo(entry, 'inventory-entry'));
    },
    /** How often the service wrote to Klaviyo so far. */
    async writes(): Promise<number> {
      const { counts } = requests.parse(await (await fetch(`${testEnv.klaviyo.url}/sandbox/requests`)).json());
      const writing = Object.entries(counts).filter(([operation]) => !operation.startsWith('get_'));
      return writing.flatMap(([, byStatus]) => Object.values(byStatus)).reduce((sum, count) => sum + count, 0);
    },
    /** What was left out or decided on the way of a record, as the log says it. */
    warnings: (id: string) => lines(id, 'partially-sent').flatMap(({ warning }) => warning?.code ?? []),
    /** Why messages about a record had no effect. */
    reasons: (id: string) => lines(id, 'message').flatMap(({ reasons }) => reasons ?? []),
    stop: () => testEnv.stop(),
    [Symbol.asyncDispose]: () => testEnv.stop(),
  };
}
export type CatalogShop = Awaited<ReturnType<typeof startCatalogShop>>;
