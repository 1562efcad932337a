/** Implements the lookups with the API: batched by dataloader, with the category tree cached for a minute. */
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { chunksOf } from '../../lib/chunks.ts';
import type { CommercetoolsClient } from '../client.ts';
import { CommercetoolsError } from '../errors.ts';
import { iteratePages, queryByField, urlLimits } from '../pagination.ts';
import {
  type Customer,
  categorySchema,
  customerSchema,
  discountCodeSchema,
  inventoryEntrySchema,
  type OrderedProduct,
  orderedProductSchema,
  orderSchema,
  paymentSchema,
  productSchema,
  type StoredCategory,
  standalonePriceSchema,
} from '../schemas.ts';
import { createBatchScheduler } from './batch-scheduler.ts';
import { type CategoryTree, categoryTree } from './category-tree.ts';
import { createOrderCustomers } from './order-customers.ts';
import { createSameEmailLookup } from './same-email.ts';
import type { ChangedRecord, LookupById, Lookups } from './types.ts';

const treeTtlMs = 60_000;
const maxQueries = 4;
/** Maximum keys of a batch, which becomes a few queries. */
const maxKeys = 400;
/** Maximum cached products of orders. Orders repeat products, and a cached one is small. */
const maxProducts = 5_000;
const productTtlMs = 60_000;

interface BatchedLookup<Entity> {
  path: string;
  /** Field that has the keys as values, or a predicate with the variable `:values`. */
  field: string;
  schema: z.ZodType<Entity>;
  /** Returns the keys under which a record is found. */
  keysOf(record: Entity): string[];
}

/** @param now returns a monotonic time in milliseconds, for the age of the category tree */
export function createLookups(client: CommercetoolsClient, now: () => number = () => performance.now()): Lookups {
  /** Creates a loader that combines concurrent keys into as few queries as fit into a URL. Results are not cached. */
  function batched<Entity extends { id: string }>({ path, field, schema, keysOf }: BatchedLookup<Entity>) {
    const scheduler = createBatchScheduler(maxQueries);
    return new DataLoader<string, Entity[]>(
      async (keys) => {
        const unique = [...new Set(keys)];
        // By id, because queries of one batch may return the same record.
        const found = new Map(unique.map((key) => [key, new Map<string, Entity>()]));
        const query = (values: string[]) => scheduler.track(queryByField(client, { path, field, values }));
        const pages = await Promise.all(chunksOf(unique, urlLimits).map(query));
        const invalid = new Map<string, Error>();
        for (const record of pages.flat()) {
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

  const ordersOfPayment = batched({
    path: 'orders',
    field: 'paymentInfo(payments(id in :values))',
    schema: orderSchema,
    keysOf: (order) => [...new Set(order.paymentInfo?.payments.flatMap(({ id }) => id ?? []))],
  });
  const ordersByEmail = batched({
    path: 'orders',
    field: 'customerEmail',
    schema: orderSchema,
    keysOf: ({ customerEmail }) => (customerEmail === undefined ? [] : [customerEmail]),
  });
  const inventory = bySku('inventory', inventoryEntrySchema);
  const inventoryEntry = byId('inventory', inventoryEntrySchema);
  const prices = bySku('standalone-prices', standalonePriceSchema);
  const standalonePrice = byId('standalone-prices', standalonePriceSchema);
  const productsBySku = batched({
    path: 'products',
    field: 'masterData(current(masterVariant(sku in :values) or variants(sku in :values)))',
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
  const discountCode = byId('discount-codes', discountCodeSchema);
  const orderedProduct = byId('products', orderedProductSchema);
  const products = new LRUCache<string, OrderedProduct>({ max: maxProducts, ttl: productTtlMs });
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
    order: byId('orders', orderSchema),
    ordersOfPayment: (paymentId) => ordersOfPayment.load(paymentId),
    async ordersWithEmail(email) {
      const spellings = [...new Set([email, email.toLowerCase()])];
      return (await Promise.all(spellings.map((spelling) => ordersByEmail.load(spelling)))).flat();
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
    standalonePrices: async (sku, changed) => {
      const found = await orWithoutScope(bySkuNow(sku, { query: prices, changed, byId: standalonePrice }), []);
      return found.filter(({ active }) => active);
    },
    standalonePrice,
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
  const absent = new LRUCache<string, true>({ max: 10_000, ttl: treeTtlMs });
  /** First reload of each run. It resolves without the tree, so that old trees are released. */
  const runReloads = new LRUCache<string, Promise<void>>({ max: 1_000 });

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
