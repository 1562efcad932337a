/** Implements the lookups with the API: batched by dataloader, with the category tree cached for a minute. */
import DataLoader from 'dataloader';
import { z } from 'zod';
import { createBatchScheduler } from '../../lib/batch-scheduler.ts';
import { chunksOf } from '../../lib/chunks.ts';
import { createLruCache } from '../../lib/lru-cache.ts';
import { cartSchema } from '../cart-schemas.ts';
import type { CommercetoolsClient } from '../client.ts';
import { CommercetoolsError, malformedKey } from '../errors.ts';
import { isQueryable, iteratePages, parseList, queryByField, urlLimits } from '../pagination.ts';
import type { LocalizedString } from '../schema-fields.ts';
import {
  businessUnitSchema,
  type Customer,
  type CustomType,
  categorySchema,
  channelSchema,
  customerSchema,
  discountCodeSchema,
  inventoryEntrySchema,
  type Order,
  type OrderedProduct,
  orderedProductSchema,
  orderSchema,
  type PaidOrder,
  paidOrderSchema,
  paymentSchema,
  productSchema,
  type StoredCategory,
  standalonePriceSchema,
  stateSchema,
  storeSchema,
  typeSchema,
} from '../schemas.ts';
import { cachedLookup } from './cached.ts';
import { type CategoryTree, categoryTree } from './category-tree.ts';
import { namedResources, namedSchema, nameIn } from './names.ts';
import { createOrderCustomers } from './order-customers.ts';
import { createSameEmailLookup } from './same-email.ts';
import type { ChangedRecord, DeletableTypeId, LookupById, Lookups } from './types.ts';

const treeTtlMs = 60_000;
const maxQueries = 4;
/** Maximum keys of a batch, which becomes a few queries. */
const maxKeys = 400;
/** Maximum cached products of orders. Orders repeat products, and a cached one is small. */
const maxProducts = 5_000;
const productTtlMs = 60_000;
const maxChannels = 1_000;
const maxTypes = 1_000;
const maxNames = 5_000;
const nameTtlMs = 60_000;
const typeTtlMs = 60_000;
const channelTtlMs = 60_000;

/** Predicate of published products by the skus of their variants. */
export const currentSku = 'masterData(current(masterVariant(sku in :values) or variants(sku in :values)))';

const pathOf: Record<DeletableTypeId, string> = { category: 'categories', customer: 'customers', product: 'products' };

interface BatchedLookup<Entity> {
  path: string;
  /** Field that has the keys as values, or a predicate with the variable `:values`. */
  field: string;
  schema: z.ZodType<Entity>;
  /** Returns the keys under which a record is found. */
  keysOf(record: Entity): string[];
}

const identified = z.object({ id: z.string() });

/** @param now returns a monotonic time in milliseconds, for the age of the category tree */
export function createLookups(client: CommercetoolsClient, now: () => number = () => performance.now()): Lookups {
  /** Creates a loader that combines concurrent keys into as few queries as fit into a URL. Results are not cached. */
  function batched<Entity extends { id: string }>({ path, field, schema, keysOf }: BatchedLookup<Entity>) {
    const scheduler = createBatchScheduler(maxQueries);

    /** Queries all keys; one that is malformed or that commercetools refuses does not concern the others. */
    async function queryEach(keys: readonly string[]) {
      const malformed = keys.filter((key) => !isQueryable(key));
      const refused = new Map(malformed.map((key) => [key, malformedKey(path)]));
      const query = (values: string[]) =>
        scheduler.track(queryByField(client, { path, field, values }, (key, error) => refused.set(key, error)));
      const pages = await Promise.all(chunksOf(keys.filter(isQueryable), urlLimits).map(query));
      return { records: pages.flat(), refused };
    }

    return new DataLoader<string, Entity[]>(
      async (keys) => {
        const unique = [...new Set(keys)];
        // By id, because queries of one batch may return the same record.
        const found = new Map(unique.map((key) => [key, new Map<string, Entity>()]));
        const { records, refused } = await queryEach(unique);
        const invalid = new Map<string, Error>(refused);
        for (const record of records) {
          const parsed = schema.safeParse(record);
          if (parsed.success) for (const key of keysOf(parsed.data)) found.get(key)?.set(parsed.data.id, parsed.data);
          else for (const key of keysIn(record, unique)) invalid.set(key, parsed.error);
        }
        return keys.map((key) => invalid.get(key) ?? [...(found.get(key)?.values() ?? [])]);
      },
      { cache: false, maxBatchSize: maxKeys, batchScheduleFn: scheduler.schedule },
    );
  }
  function byId<Entity extends Versioned>(path: string, schema: z.ZodType<Entity>): LookupById<Entity> {
    const loader = batched({ path, field: 'id', schema, keysOf: (record) => [record.id] });
    return async (id, minVersion) => {
      const [found] = await loader.load(id);
      if (minVersion === undefined || (found && isAtLeast(found, minVersion))) return found;
      return readById(client, { path, id, schema });
    };
  }
  function bySku<Entity extends { id: string; sku: string }>(path: string, schema: z.ZodType<Entity>) {
    return batched({ path, field: 'sku', schema, keysOf: ({ sku }) => [sku] });
  }

  const ofPayment = {
    path: 'orders',
    field: 'paymentInfo(payments(id in :values))',
    keysOf: (order: Pick<Order, 'paymentInfo'>) => [
      ...new Set(order.paymentInfo?.payments.flatMap(({ id }) => id ?? [])),
    ],
  };
  const ordersOfPayment = batched<Order>({ ...ofPayment, schema: orderSchema });
  const paidOrders = batched<PaidOrder>({ ...ofPayment, schema: paidOrderSchema });
  const inventory = bySku('inventory', inventoryEntrySchema);
  const inventoryEntry = byId('inventory', inventoryEntrySchema);
  const channels = batched({
    path: 'channels',
    field: 'key',
    schema: channelSchema,
    keysOf: ({ key }) => (key === undefined ? [] : [key]),
  });
  const knownChannels = createLruCache<string, readonly string[]>({ max: maxChannels, ttl: channelTtlMs });
  const prices = bySku('standalone-prices', standalonePriceSchema);
  const standalonePrice = byId('standalone-prices', standalonePriceSchema);
  const productsBySku = batched({
    path: 'products',
    field: currentSku,
    schema: productSchema,
    keysOf: ({ masterData: { current } }) =>
      [current.masterVariant, ...current.variants].flatMap((variant) =>
        variant?.sku === undefined ? [] : [variant.sku],
      ),
  });
  const customers = { path: 'customers', schema: customerSchema };
  const emailsOf = ({ email }: Customer) => (email === undefined ? [] : [email]);
  const byEmail = batched({ ...customers, field: 'email', keysOf: emailsOf });
  const byLowercaseEmail = batched({
    ...customers,
    field: 'lowercaseEmail',
    keysOf: (customer) => emailsOf(customer).map((email) => email.toLowerCase()),
  });
  const customType = byId('types', typeSchema);
  const customTypes = createLruCache<string, CustomType>({ max: maxTypes, ttl: typeTtlMs });
  const named = new Map(Object.entries(namedResources).map(([typeId, path]) => [typeId, byId(path, namedSchema)]));
  const names = createLruCache<string, { name: string | LocalizedString | undefined }>({
    max: maxNames,
    ttl: nameTtlMs,
  });
  const stores = batched({ path: 'stores', field: 'key', schema: storeSchema, keysOf: ({ key }) => [key] });
  const businessUnits = batched({
    path: 'business-units',
    field: 'associates(customer(id in :values))',
    schema: businessUnitSchema,
    keysOf: ({ associates }) => associates.map(({ customer }) => customer.id),
  });
  const state = byId('states', stateSchema);
  const discountCode = byId('discount-codes', discountCodeSchema);
  const orderedProduct = byId('products', orderedProductSchema);
  const products = createLruCache<string, OrderedProduct>({ max: maxProducts, ttl: productTtlMs });
  const tree = createTreeCache(client, now);
  const customer = byId('customers', customerSchema);
  const orderCustomers = createOrderCustomers(customer);

  return {
    async customer(id, minVersion) {
      const found = await customer(id, minVersion);
      if (found) orderCustomers.note(found);
      return found;
    },
    orderCustomer: orderCustomers.orderCustomer,
    customersWithEmail: createSameEmailLookup({
      byLowercaseEmail: (email) => byLowercaseEmail.load(email),
      byEmail: (email) => byEmail.load(email),
    }),
    async isDeleted(typeId, id) {
      return (await readById(client, { path: pathOf[typeId], id, schema: z.unknown() })) === undefined;
    },
    cart: byId('carts', cartSchema),
    order: byId('orders', orderSchema),
    ordersOfPayment: (paymentId) => ordersOfPayment.load(paymentId),
    paidOrders: (paymentId) => paidOrders.load(paymentId),
    async hasOtherOrder(email, orderId) {
      if (!isQueryable(email)) throw malformedKey('orders');
      const spellings = [...new Set([email, email.toLowerCase()])];
      // Two orders are enough: an e-mail of a till or an office may have any number.
      const query = { where: 'customerEmail in :emails', 'var.emails': spellings, limit: 2, withTotal: false };
      const orders = parseList(await client.get('orders', query), 'orders');
      return orders.some((order) => identified.safeParse(order).data?.id !== orderId);
    },
    payment: byId('payments', paymentSchema),
    product: byId('products', productSchema),
    async orderedProduct(id, minVersion) {
      const product = products.get(id) ?? (await orderedProduct(id, minVersion));
      if (product && !products.has(id)) products.set(id, product);
      return product;
    },
    productsWithSku: (sku) => productsBySku.load(sku),
    category: byId('categories', categorySchema),
    categories: tree,
    inventoryEntry,
    inventoryOfSku: (sku, changed) =>
      orWithoutScope(bySkuNow(sku, { query: inventory, changed, byId: inventoryEntry }), undefined),
    async channelIds(key) {
      const known = knownChannels.get(key);
      if (known) return known;
      const found = await orWithoutScope(channels.load(key), []);
      const ids = found.map(({ id }) => id);
      knownChannels.set(key, ids);
      return ids;
    },
    standalonePrices: async (sku, changed) => {
      const found = await orWithoutScope(bySkuNow(sku, { query: prices, changed, byId: standalonePrice }), []);
      return found.filter(({ active }) => active);
    },
    standalonePrice,
    async customType(id) {
      const known = customTypes.get(id);
      if (known) return known;
      const found = await orWithoutScope(customType(id, 0), 'forbidden' as const);
      if (found && found !== 'forbidden') customTypes.set(id, found);
      return found;
    },
    async nameOf({ typeId, id }, { run = '', minVersion } = {}) {
      const read = named.get(typeId);
      const key = `${run}|${typeId} ${id}`;
      const known = minVersion === undefined ? names.get(key) : undefined;
      if (known || !read) return known?.name;
      const name = nameIn(await orWithoutScope(read(id, minVersion), undefined));
      names.set(key, { name });
      return name;
    },
    store: cachedLookup(async (key) => (await stores.load(key))[0]),
    businessUnitsOf: (customerId) => orWithoutScope(businessUnits.load(customerId), 'forbidden' as const),
    state: cachedLookup((id) => state(id, 0)),
    discountCode: async (id, minVersion) => (await orWithoutScope(discountCode(id, minVersion), undefined))?.code,
  };
}

/** The products of orders are stored without their version, so only their absence from a query matters. */
interface Versioned {
  id: string;
  version?: number;
}

function isAtLeast({ version }: Versioned, minVersion: number): boolean {
  return version === undefined || version >= minVersion;
}

/** GET by id shows a write at once. @returns undefined if the record does not exist */
async function readById<Entity>(
  client: CommercetoolsClient,
  { path, id, schema }: { path: string; id: string; schema: z.ZodType<Entity> },
): Promise<Entity | undefined> {
  if (!isQueryable(id)) throw malformedKey(path);
  try {
    return schema.parse(await client.get(`${path}/${encodeURIComponent(id)}`));
  } catch (thrown) {
    if (thrown instanceof CommercetoolsError && thrown.type === 'not-found') return undefined;
    throw thrown;
  }
}

interface SkuLookup<Entity> {
  query: { load(sku: string): Promise<Entity[]> };
  changed: ChangedRecord | undefined;
  byId: LookupById<Entity>;
}

/** Returns the records of a sku as a query shows them, with the changed one as it is now. */
async function bySkuNow<Entity extends Versioned & { sku: string }>(
  sku: string,
  { query, changed, byId }: SkuLookup<Entity>,
): Promise<Entity[]> {
  const found = await query.load(sku);
  if (!changed) return found;
  const others = found.filter(({ id }) => id !== changed.id);
  if (changed.deleted) return others;
  const queried = found.find(({ id }) => id === changed.id);
  if (queried && isAtLeast(queried, changed.minVersion)) return found;
  const current = await byId(changed.id, changed.minVersion);
  return current?.sku === sku ? [...others, current] : others;
}

/** Returns the keys that an invalid record contains, which fail because of it. Without any of them all keys fail. */
function keysIn(record: unknown, keys: readonly string[]): readonly string[] {
  const texts = new Set<string>();
  JSON.stringify(record, (_name, value: unknown) => {
    if (typeof value === 'string') texts.add(value);
    return value;
  });
  const contained = keys.filter((key) => texts.has(key));
  return contained.length > 0 ? contained : keys;
}

/** Returns a fallback if the client lacks the scope of a lookup, so that the rest of the record is sent. */
async function orWithoutScope<Entity, Fallback>(
  lookup: Promise<Entity>,
  fallback: Fallback,
): Promise<Entity | Fallback> {
  try {
    return await lookup;
  } catch (thrown) {
    if (thrown instanceof CommercetoolsError && thrown.type === 'forbidden') return fallback;
    throw thrown;
  }
}

/** Caches the tree. It is reloaded when it is too old, lacks an id or must be fresh. Callers share a reload. */
function createTreeCache(client: CommercetoolsClient, now: () => number): Lookups['categories'] {
  let loaded: { tree: CategoryTree; at: number } | undefined;
  let loading: Promise<CategoryTree> | undefined;
  let next: Promise<CategoryTree> | undefined;
  /** Ids that a reload did not find, because products may refer to deleted categories. */
  const absent = createLruCache<string, true>({ max: 10_000, ttl: treeTtlMs });
  /** First reload of each run. It resolves without the tree, so that old trees are released. */
  const runReloads = createLruCache<string, Promise<void>>({ max: 1_000 });

  async function load(): Promise<CategoryTree> {
    const at = now();
    const categories: StoredCategory[] = [];
    for await (const page of iteratePages(client, { resource: 'categories', query: {} })) {
      for (const record of page.records) {
        const parsed = categorySchema.safeParse(record);
        // An invalid category counts as deleted, which affects only its own products.
        if (parsed.success) categories.push(parsed.data);
      }
    }
    loaded = { tree: categoryTree(categories), at };
    return loaded.tree;
  }
  function share(): Promise<CategoryTree> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }
  /** Starts a new reload: one in flight may have read before the change that the caller knows of. */
  function reload(): Promise<CategoryTree> {
    if (!loading) return share();
    next ??= loading
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return share();
      });
    return next;
  }
  /** Pages of a run share its first reload. A failed one is repeated by the next page. */
  async function beginRun(run: string): Promise<void> {
    const started = runReloads.get(run);
    const first = started ?? reload().then(() => undefined);
    if (!started) runReloads.set(run, first);
    try {
      await first;
    } catch (thrown) {
      runReloads.delete(run);
      throw thrown;
    }
  }
  return async ({ knowing = [], fresh = false, run } = {}) => {
    if (fresh) return reload();
    if (run !== undefined) await beginRun(run);
    if (loaded === undefined || now() - loaded.at >= treeTtlMs) return share();
    const { tree } = loaded;
    const unknown = knowing.filter((id) => tree.get(id) === undefined && !absent.has(id));
    if (unknown.length === 0) return tree;
    const reloaded = await reload();
    for (const id of unknown) if (reloaded.get(id) === undefined) absent.set(id, true);
    return reloaded;
  };
}
