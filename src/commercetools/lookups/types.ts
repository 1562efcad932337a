/**
 * Batched lookups: concurrent calls share queries. A missing record is `undefined` or an empty list. A failed lookup rejects
 * with a CommercetoolsError, and a record that does not match its schema with a ZodError.
 */

import type { Cart } from '../cart-schemas.ts';
import type { LocalizedString } from '../schema-fields.ts';
import type {
  BusinessUnit,
  Customer,
  CustomType,
  InventoryEntry,
  Order,
  OrderedProduct,
  PaidOrder,
  Payment,
  Product,
  ShopStore,
  StandalonePrice,
  State,
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

/** A record that a message is about. Queries may not show its change yet. */
export interface ChangedRecord {
  id: string;
  minVersion: number;
  deleted: boolean;
}

/**
 * @param minVersion the record is read by id if the query lacks it or returns an older version, because queries may lag behind
 * writes; 0: any version. Without it a record that the query lacks counts as deleted.
 */
export type LookupById<Entity> = (id: string, minVersion?: number) => Promise<Entity | undefined>;

/** Records whose deletion is passed on to Klaviyo. */
export type DeletableTypeId = 'category' | 'customer' | 'product';
/** The customer of an order. */
export interface OrderCustomer extends Pick<Customer, 'id' | 'email' | 'createdAt' | 'stores'> {
  hasAddress: boolean;
  /** The customer may have changed since it was read. */
  cached: boolean;
}

export interface OrderCustomerOptions {
  /** Id of the run that the lookup belongs to; absent in realtime. */
  run?: string | undefined;
  /** Reads again what is cached. */
  fresh?: boolean | undefined;
}

export interface NameOptions {
  /** Id of the run that the lookup belongs to: a name that was read before the run is read again. */
  run?: string | undefined;
  /** Reads the name again, of this version of the record or a later one. */
  minVersion?: number | undefined;
}

/** Lookups other than by id show what queries show, except for the records that are passed in. */
export interface Lookups {
  customer: LookupById<Customer>;
  /** Returns 'deleted' if GET by id answers 404, and 'forbidden' without the scope to read customers. */
  orderCustomer(id: string, options?: OrderCustomerOptions): Promise<OrderCustomer | 'deleted' | 'forbidden'>;
  /** Returns customers with this e-mail, ignoring case. */
  customersWithEmail(email: string): Promise<Customer[]>;
  /** Returns whether the record no longer exists, read by id, which shows a deletion at once. */
  isDeleted(typeId: DeletableTypeId, id: string): Promise<boolean>;
  cart: LookupById<Cart>;
  order: LookupById<Order>;
  ordersOfPayment(paymentId: string): Promise<Order[]>;
  /** Returns the same orders with the fields that tell which of them is the first. */
  paidOrders(paymentId: string): Promise<PaidOrder[]>;
  /** Returns whether another order than this one has the e-mail, in its own or in lower-case spelling. */
  hasOtherOrder(email: string, orderId: string): Promise<boolean>;
  payment: LookupById<Payment>;
  product: LookupById<Product>;
  /** Returns the fields of a product that orders need, published or not, at most a minute old. */
  orderedProduct: LookupById<OrderedProduct>;
  productsWithSku(sku: string): Promise<Product[]>;
  /** Reads the category now. The tree may be up to a minute old. */
  category: LookupById<StoredCategory>;
  /** Returns all categories, at most a minute old. */
  categories(options?: CategoryTreeOptions): Promise<CategoryTree>;
  inventoryEntry: LookupById<InventoryEntry>;
  /** Returns all entries of a sku, or `undefined` without the scope to read them. */
  inventoryOfSku(sku: string, changed?: ChangedRecord): Promise<InventoryEntry[] | undefined>;
  /** Returns the id of the channel with this key, or none, also without the scope to read it; at most a minute old. */
  channelIds(key: string): Promise<readonly string[]>;
  /** Returns the active standalone prices of a sku, or none without the scope to read them. */
  standalonePrices(sku: string, changed?: ChangedRecord): Promise<StandalonePrice[]>;
  standalonePrice: LookupById<StandalonePrice>;
  /** Returns a type of custom fields, at most a minute old; `undefined` if it was deleted. */
  customType(id: string): Promise<CustomType | 'forbidden' | undefined>;
  /**
   * Returns the name of a record, at most a minute old; `undefined` if it has none, was deleted, or without the scope to read
   * it.
   */
  nameOf(
    reference: { typeId: string; id: string },
    options?: NameOptions,
  ): Promise<string | LocalizedString | undefined>;
  /** Returns the store with this key, at most a minute old; `undefined` if it was deleted. */
  store(key: string): Promise<ShopStore | 'forbidden' | undefined>;
  /** Returns the business units that have this customer as an associate of their own. */
  businessUnitsOf(customerId: string): Promise<readonly BusinessUnit[] | 'forbidden'>;
  /** Returns the state with this id, at most a minute old; `undefined` if it was deleted. */
  state(id: string): Promise<State | 'forbidden' | undefined>;
  /** Returns the code that customers enter, or `undefined` if it was deleted or without the scope to read it. */
  discountCode: LookupById<string>;
}
