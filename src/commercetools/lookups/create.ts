/** The look-ups of look.ts over the API: batched by dataloader, the category tree cached for a minute. */
import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import type { CommercetoolsClient } from '../client.ts';
import { CommercetoolsError } from '../errors.ts';
import { iteratePages, maxIds, queryByField } from '../pagination.ts';
import {
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
import type { Lookups } from './types.ts';

const treeLifeMs = 60_000;
/** Queries of one kind under way at a time, and keys that are asked for together: a few queries of ids. */
const maxQueries = 4;
const maxKeys = 400;
/** Ordered products are asked for again and again; what is kept of one is small. */
const maxProducts = 5_000;
const productLifeMs = 60_000;
/** Of a query's values; the API refuses URLs of 8,192 characters, and predicates need some of them. */
const maxUrlCharacters = 6_000;

interface Wanted<Found> {
  path: string;
  /** The field, or predicate with `:values`, that the keys are values of. */
  field: string;
  schema: z.ZodType<Found>;
  /** The keys that a record answers. */
  keysOf(record: Found): string[];
}

/**
 * @param client the project to read
 * @param now milliseconds; for the category tree's age
 */
export function createLookups(client: CommercetoolsClient, now: () => number = () => performance.now()): Lookups {
  /** What many ask for at the same moment becomes as few queries as ids fit into. Nothing is cached. */
  function many<Found>({ path, field, schema, keysOf }: Wanted<Found>) {
    const turnstile = createBatchScheduler(maxQueries);
    return new DataLoader<string, Found[]>(
      async (keys) => {
        const unique = [...new Set(keys)];
        const found = new Map<string, Found[]>(unique.map((key) => [key, []]));
        const queries = chunksOf(unique).map((values) =>
          turnstile.track(queryByField(client, { path, field, values })),
        );
        const pages = await Promise.all(queries);
        const odd = new Map<string, Error>();
        for (const record of pages.flat()) {
          const parsed = schema.safeParse(record);
          if (parsed.success) for (const key of keysOf(parsed.data)) found.get(key)?.push(parsed.data);
          else for (const key of askedBy(record, unique)) odd.set(key, parsed.error);
        }
        return keys.map((key) => odd.get(key) ?? found.get(key) ?? []);
      },
      { cache: false, maxBatchSize: maxKeys, batchScheduleFn: turnstile.schedule },
    );
  }
  function byId<Found extends { id: string }>(path: string, schema: z.ZodType<Found>) {
    const loader = many({ path, field: 'id', schema, keysOf: (record) => [record.id] });
    return async (id: string): Promise<Found | undefined> => (await loader.load(id))[0];
  }

  const ordersOfPayment = many({
    path: 'orders',
    field: 'paymentInfo(payments(id in :values))',
    schema: orderSchema,
    keysOf: (order) => [...new Set(order.paymentInfo?.payments.flatMap(({ id }) => id ?? []))],
  });
  const inventory = many({ path: 'inventory', field: 'sku', schema: inventoryEntrySchema, keysOf: ({ sku }) => [sku] });
  const prices = many({
    path: 'standalone-prices',
    field: 'sku',
    schema: standalonePriceSchema,
    keysOf: ({ sku }) => [sku],
  });
  const productsBySku = many({
    path: 'products',
    field: 'masterData(current(masterVariant(sku in :values) or variants(sku in :values)))',
    schema: productSchema,
    keysOf: ({ masterData: { current } }) =>
      [current.masterVariant, ...current.variants].flatMap((variant) =>
        variant?.sku === undefined ? [] : [variant.sku],
      ),
  });
  // A predicate can't compare without case: lowercaseEmail is the API's own field for it.
  const sameEmail = many({
    path: 'customers',
    field: 'lowercaseEmail',
    schema: customerSchema,
    keysOf: ({ email }) => (email === undefined ? [] : [email.toLowerCase()]),
  });
  const discountCode = byId('discount-codes', discountCodeSchema);
  const orderedProduct = byId('products', orderedProductSchema);
  const products = new LRUCache<string, OrderedProduct>({ max: maxProducts, ttl: productLifeMs });
  const tree = createTreeCache(client, now);

  return {
    customer: byId('customers', customerSchema),
    customersWithEmail: (email) => sameEmail.load(email.toLowerCase()),
    order: byId('orders', orderSchema),
    ordersOfPayment: (paymentId) => ordersOfPayment.load(paymentId),
    payment: byId('payments', paymentSchema),
    product: byId('products', productSchema),
    async orderedProduct(id) {
      const known = products.get(id) ?? (await orderedProduct(id));
      if (known && !products.has(id)) products.set(id, known);
      return known;
    },
    productsWithSku: (sku) => productsBySku.load(sku),
    category: byId('categories', categorySchema),
    categories: tree,
    inventoryEntry: byId('inventory', inventoryEntrySchema),
    inventoryOfSku: (sku) => orWithoutScope(inventory.load(sku), undefined),
    standalonePrices: async (sku) => {
      const found = await orWithoutScope(prices.load(sku), []);
      return found.filter(({ active }) => active);
    },
    standalonePrice: byId('standalone-prices', standalonePriceSchema),
    discountCode: async (id) => (await orWithoutScope(discountCode(id), undefined))?.code,
  };
}

/** Keys in their order, as many together as a URL takes. */
function chunksOf(keys: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let length = 0;
  for (const key of keys) {
    const own = encodeURIComponent(key).length + '&var.values='.length;
    const last = chunks.at(-1);
    if (last && last.length < maxIds && length + own <= maxUrlCharacters) {
      last.push(key);
      length += own;
    } else {
      chunks.push([key]);
      length = own;
    }
  }
  return chunks;
}

/** An odd record concerns only who asked for it: the keys that it has in it. Where none is found nobody knows, so all. */
function askedBy(record: unknown, keys: readonly string[]): readonly string[] {
  const texts = new Set<string>();
  JSON.stringify(record, (_name, value: unknown) => {
    if (typeof value === 'string') texts.add(value);
    return value;
  });
  const asked = keys.filter((key) => texts.has(key));
  return asked.length > 0 ? asked : keys;
}

/** A scope that the client lacks takes away what it is for, never the rest. */
async function orWithoutScope<Found, Without>(found: Promise<Found>, without: Without): Promise<Found | Without> {
  try {
    return await found;
  } catch (thrown) {
    if (thrown instanceof CommercetoolsError && thrown.type === 'forbidden') return without;
    throw thrown;
  }
}

/** One tree for all, reloaded when it is old, lacks an id, or shall be fresh; callers share a reload. */
function createTreeCache(client: CommercetoolsClient, now: () => number): Lookups['categories'] {
  let loaded: { tree: CategoryTree; at: number } | undefined;
  let loading: Promise<CategoryTree> | undefined;
  let next: Promise<CategoryTree> | undefined;
  /** Ids that a reload did not bring: products may refer to categories that are gone. */
  const absent = new LRUCache<string, true>({ max: 10_000, ttl: treeLifeMs });
  /** The reload that a run began with, without the tree that it brought. */
  const begun = new LRUCache<string, Promise<void>>({ max: 1_000 });

  async function load(): Promise<CategoryTree> {
    const at = now();
    const categories: StoredCategory[] = [];
    for await (const page of iteratePages(client, { resource: 'categories', query: {} })) {
      for (const record of page.records) {
        const parsed = categorySchema.safeParse(record);
        // An odd one is as good as gone, for its own products only.
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
  /** One that begins now: a reload under way may have read before the change that the caller knows of. */
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
  /** Pages of a run that begin together share its reload; one that failed is tried again. */
  async function beginRun(run: string): Promise<void> {
    const before = begun.get(run);
    const mine = before ?? reload().then(() => undefined);
    if (!before) begun.set(run, mine);
    try {
      await mine;
    } catch (thrown) {
      begun.delete(run);
      throw thrown;
    }
  }
  return async ({ knowing = [], fresh = false, run } = {}) => {
    if (fresh) return reload();
    if (run !== undefined) await beginRun(run);
    if (loaded === undefined || now() - loaded.at >= treeLifeMs) return share();
    const { tree } = loaded;
    const unknown = knowing.filter((id) => tree.get(id) === undefined && !absent.has(id));
    if (unknown.length === 0) return tree;
    const reloaded = await reload();
    for (const id of unknown) if (reloaded.get(id) === undefined) absent.set(id, true);
    return reloaded;
  };
}
