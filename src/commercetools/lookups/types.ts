/**
 * Look-ups by id, batched: what many ask for at the same moment becomes one query. A record that is not there is
 * `undefined` or an empty list; a look-up that failed rejects with a ReadFailure, never with "none".
 */

import type {
  Customer,
  InventoryEntry,
  Order,
  OrderedProduct,
  Payment,
  Product,
  StandalonePrice,
  StoredCategory,
} from '../schemas.ts';
import type { CategoryTree } from './category-tree.ts';

export interface Lookups {
  customer(id: string): Promise<Customer | undefined>;
  /** Customers with this e-mail, compared without case. */
  customersWithEmail(email: string): Promise<Customer[]>;
  order(id: string): Promise<Order | undefined>;
  /** The orders that a payment is part of. */
  ordersOfPayment(paymentId: string): Promise<Order[]>;
  payment(id: string): Promise<Payment | undefined>;
  /** Published or not. */
  product(id: string): Promise<Product | undefined>;
  /** What orders need of a product: published or not, at most a minute old. */
  orderedProduct(id: string): Promise<OrderedProduct | undefined>;
  productsWithSku(sku: string): Promise<Product[]>;
  /** The category itself, read now (the tree may be some seconds old). */
  category(id: string): Promise<StoredCategory | undefined>;
  /**
   * All categories, at most a minute old. `knowing`: reloaded when one of these ids is not in it; `fresh`: reloaded in any case;
   * `run`: reloaded when this run asks for the first time, because another process may have heard of what it is for.
   */
  categories(want?: { knowing?: readonly string[]; fresh?: boolean; run?: string | undefined }): Promise<CategoryTree>;
  inventoryEntry(id: string): Promise<InventoryEntry | undefined>;
  /** All entries of a sku; `undefined` where the client may not read them. */
  inventoryOfSku(sku: string): Promise<InventoryEntry[] | undefined>;
  /** Active standalone prices of a sku; none where the client may not read them. */
  standalonePrices(sku: string): Promise<StandalonePrice[]>;
  /** An entry's sku may be needed after it was deleted: see the message. A price's sku, read by id. */
  standalonePrice(id: string): Promise<StandalonePrice | undefined>;
  /** The code that customers type; `undefined` where it is gone or the client may not read it. */
  discountCode(id: string): Promise<string | undefined>;
}
