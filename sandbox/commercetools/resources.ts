/** Collections of the mock API: path segment, type id, scopes. */

export interface Collection {
  readonly path: string;
  readonly typeId: string;
  /** Any of these scopes allows reading. */
  readonly read: readonly string[];
  /** Any of these scopes allows writing. */
  readonly write: readonly string[];
}

function resource(path: string, typeId: string, ...areas: string[]): Collection {
  return {
    path,
    typeId,
    read: areas.flatMap((area) => [`view_${area}`, `manage_${area}`]),
    write: areas.map((area) => `manage_${area}`),
  };
}

/** Scopes from the API reference. `manage_project` includes all of them. */
const RESOURCES: readonly Collection[] = [
  resource('customers', 'customer', 'customers'),
  resource('customer-groups', 'customer-group', 'customer_groups', 'customers'),
  resource('orders', 'order', 'orders'),
  resource('carts', 'cart', 'orders'),
  resource('recurring-orders', 'recurring-order', 'recurring_orders', 'orders'),
  resource('payments', 'payment', 'payments'),
  resource('products', 'product', 'products'),
  resource('product-types', 'product-type', 'products'),
  resource('product-discounts', 'product-discount', 'products'),
  resource('categories', 'category', 'categories', 'products'),
  resource('inventory', 'inventory-entry', 'products'),
  resource('channels', 'channel', 'products'),
  resource('standalone-prices', 'standalone-price', 'standalone_prices'),
  resource('discount-codes', 'discount-code', 'discount_codes'),
  resource('cart-discounts', 'cart-discount', 'cart_discounts'),
  resource('stores', 'store', 'stores'),
  resource('business-units', 'business-unit', 'business_units'),
  resource('types', 'type', 'types'),
  resource('states', 'state', 'states'),
  resource('zones', 'zone', 'shipping_methods'),
  resource('tax-categories', 'tax-category', 'tax_categories'),
  resource('shipping-methods', 'shipping-method', 'shipping_methods'),
  resource('custom-objects', 'key-value-document', 'key_value_documents'),
  {
    path: 'product-projections',
    typeId: 'product-projection',
    read: ['view_published_products', 'view_products', 'manage_products'],
    write: [],
  },
  { path: 'login', typeId: 'customer-sign-in', read: [], write: ['manage_customers'] },
  { path: 'subscriptions', typeId: 'subscription', read: ['manage_subscriptions'], write: ['manage_subscriptions'] },
];

const byPath = new Map(RESOURCES.map((entry) => [entry.path, entry]));
const byTypeId = new Map(RESOURCES.map((entry) => [entry.typeId, entry]));

/** Returns the collection of a path segment such as `orders`. */
export function resourceAt(path: string): Collection | undefined {
  return byPath.get(path);
}

/** Returns the collection of a type id such as `order`. */
export function resourceOf(typeId: string): Collection | undefined {
  return byTypeId.get(typeId);
}
