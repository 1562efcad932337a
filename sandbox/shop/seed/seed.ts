/** Fills the sandbox with a shop: ordinary records by chance, odd ones on purpose. The same seed gives the same shop. */
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
  /** How many ordinary records there are besides the odd cases. */
  readonly customers?: number;
  readonly orders?: number;
  readonly products?: number;
  /** False leaves the odd cases out. */
  readonly edgeCases?: boolean;
}

/** Where records go: the sandbox, or anything that takes them. */
export interface RecordTarget {
  place(typeId: string, records: Iterable<ApiRecord>): Promise<void>;
}

const DEFAULTS = { seed: 1, customers: 300, orders: 400, products: 60, edgeCases: true };

/** The records of a shop by type. */
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

/** Puts a shop into the sandbox; nobody is notified. Returns how many records of each type there are. */
export async function seedShop(sandbox: RecordTarget, options: SeedOptions = {}): Promise<Record<string, number>> {
  const shop = makeShop(options);
  for (const [typeId, records] of shop) await sandbox.place(typeId, records);
  return Object.fromEntries([...shop].map(([typeId, records]) => [typeId, records.length]));
}
