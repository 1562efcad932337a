/**
 * Batched lookups: concurrent calls share queries. A missing record is `undefined` or an empty list. A failed lookup rejects
 * with a CommercetoolsError, and a record that does not match its schema with a ZodError.
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

export interface CategoryTreeOptions {
  /** Reloads the tree when one of these ids is missing. */
  knowing?: readonly string[];
  /** Reloads the tree in any case. */
  fresh?: boolean;
  /** Reloads the tree at the first call of this run, because another process may have received the messages before it. */
  run?: string | undefined;
}

export interface Lookups {
  customer(id: string): Promise<Customer | undefined>;
  /** Returns customers with this e-mail, ignoring case. */
  customersWithEmail(email: string): Promise<Customer[]>;
  order(id: string): Promise<Order | undefined>;
  ordersOfPayment(paymentId: string): Promise<Order[]>;
  payment(id: string): Promise<Payment | undefined>;
  product(id: string): Promise<Product | undefined>;
  /** Returns the fields of a product that orders need, published or not, at most a minute old. */
  orderedProduct(id: string): Promise<OrderedProduct | undefined>;
  productsWithSku(sku: string): Promise<Product[]>;
  /** Reads the category now. The tree may be up to a minute old. */
  category(id: string): Promise<StoredCategory | undefined>;
  /** Returns all categories, at most a minute old. */
  categories(options?: CategoryTreeOptions): Promise<CategoryTree>;
  inventoryEntry(id: string): Promise<InventoryEntry | undefined>;
  /** Returns all entries of a sku, or `undefined` without the scope to read them. */
  inventoryOfSku(sku: string): Promise<InventoryEntry[] | undefined>;
  /** Returns the active standalone prices of a sku, or none without the scope to read them. */
  standalonePrices(sku: string): Promise<StandalonePrice[]>;
  standalonePrice(id: string): Promise<StandalonePrice | undefined>;
  /** Returns the code that customers enter, or `undefined` if it was deleted or without the scope to read it. */
  discountCode(id: string): Promise<string | undefined>;
}
