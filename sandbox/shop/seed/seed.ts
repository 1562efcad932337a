/** Seeds the sandbox with generated records and edge cases. The same seed produces the same shop. */
import type { ApiRecord } from '../../commercetools/json.ts';
import { createEdgeCases } from '../edge-cases/index.ts';
import { baseData } from './base-data.ts';
import { categoryTree } from './category-tree.ts';
import { seedCustomers } from './customers.ts';
import { seedOrders } from './orders.ts';
import { seedProducts } from './products.ts';
import { createRandom } from './random.ts';

export interface SeedOptions {
  readonly seed?: number;
  /** Number of generated customers, in addition to the edge cases. */
  readonly customers?: number;
  readonly orders?: number;
  readonly products?: number;
  /** Whether to include the edge cases; defaults to true. */
  readonly edgeCases?: boolean;
}

/** Destination of the records, such as the sandbox. */
export interface RecordTarget {
  place(typeId: string, records: Iterable<ApiRecord>): Promise<void>;
}

const DEFAULTS = { seed: 1, customers: 300, orders: 400, products: 60, edgeCases: true };

/** Returns the records of a shop by resource type. */
export function makeShop(options: SeedOptions = {}): ReadonlyMap<string, readonly ApiRecord[]> {
  const {
    seed,
    customers: customerCount,
    orders: orderCount,
    products: productCount,
    edgeCases,
  } = { ...DEFAULTS, ...options };
  const random = createRandom(seed);
  const categories = categoryTree();
  const customers = seedCustomers(random, customerCount);
  const { products, inventory, standalonePrices } = seedProducts(random, productCount, categories);
  const { orders, payments } = seedOrders(random, orderCount, { customers, products });
  const shop = new Map<string, readonly ApiRecord[]>(Object.entries(baseData()));
  const ordinary = { category: categories, customer: customers, product: products, order: orders, payment: payments };
  for (const [typeId, records] of Object.entries(ordinary)) shop.set(typeId, records);
  shop.set('inventory-entry', inventory);
  shop.set('standalone-price', standalonePrices);
  for (const { typeId, record } of edgeCases ? createEdgeCases() : [])
    shop.set(typeId, [...(shop.get(typeId) ?? []), record]);
  return shop;
}

/** Inserts a shop into the sandbox without notifications. Returns the record counts by resource type. */
export async function seedShop(sandbox: RecordTarget, options: SeedOptions = {}): Promise<Record<string, number>> {
  const shop = makeShop(options);
  for (const [typeId, records] of shop) await sandbox.place(typeId, records);
  return Object.fromEntries([...shop].map(([typeId, records]) => [typeId, records.length]));
}
