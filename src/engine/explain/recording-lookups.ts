/**
 * Look-ups that are made once and remembered, so that a rule can be asked again and again about the same records, each
 * time with one value of them changed: what then differs in its word came from that value.
 */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import type { StoredCategory } from '../../commercetools/schemas.ts';
import { changedBelow, type Path } from './json-paths.ts';

/** A place in one of the records that were looked up. */
export interface Tweak {
  /** Such as `product 1234`. */
  source: string;
  path: Path;
}

export interface RememberedLook {
  lookups: Lookups;
  /** What was looked up, by a name for people. */
  seen: ReadonlyMap<string, unknown>;
  /** From now on nothing is read any more: what is not remembered is not there. */
  close(): void;
  /** Until the next call everything below this place is another. */
  tweak(place: Tweak | undefined): void;
}

/** @param real reads commercetools */
export function rememberLook(real: Lookups): RememberedLook {
  const seen = new Map<string, unknown>();
  let closed = false;
  let tweaked: Tweak | undefined;

  function shown<Found>(source: string, found: Found): Found {
    if (found !== undefined) seen.set(source, found);
    return tweaked?.source === source ? changedBelow(found, tweaked.path) : found;
  }
  function once<Found>(name: string, none: Found, ask: (key: string) => Promise<Found>) {
    const known = new Map<string, Promise<Found>>();
    return async (key: string): Promise<Found> => {
      const asked = known.get(key) ?? (closed ? Promise.resolve(none) : ask(key));
      if (!closed) known.set(key, asked);
      return shown(`${name} ${key}`, await asked);
    };
  }
  const discountCode = once('discount code', {}, async (id): Promise<{ code?: string }> => {
    const code = await real.discountCode(id);
    return code === undefined ? {} : { code };
  });
  let tree: Promise<CategoryTree> | undefined;

  return {
    seen,
    close() {
      closed = true;
    },
    tweak(place) {
      tweaked = place;
    },
    lookups: {
      customer: once('customer', undefined, real.customer),
      customersWithEmail: once('customers with the e-mail', [], real.customersWithEmail),
      order: once('order', undefined, real.order),
      ordersOfPayment: once('orders of payment', [], real.ordersOfPayment),
      payment: once('payment', undefined, real.payment),
      product: once('product', undefined, real.product),
      orderedProduct: once('product', undefined, real.orderedProduct),
      productsWithSku: once('products with sku', [], real.productsWithSku),
      category: once('category', undefined, real.category),
      async categories(want) {
        tree ??= real.categories(want);
        return remembered(await tree, (category) => shown(`category ${category.id}`, category));
      },
      inventoryEntry: once('inventory entry', undefined, real.inventoryEntry),
      inventoryOfSku: once('inventory of sku', undefined, real.inventoryOfSku),
      standalonePrices: once('prices of sku', [], real.standalonePrices),
      standalonePrice: once('price', undefined, real.standalonePrice),
      discountCode: async (id) => (await discountCode(id)).code,
    },
  };
}

function remembered(tree: CategoryTree, shown: (category: StoredCategory) => StoredCategory): CategoryTree {
  return {
    size: tree.size,
    get(id) {
      const found = tree.get(id);
      return found && shown(found);
    },
    path: (id) => tree.path(id).map(shown),
    descendants: tree.descendants,
  };
}
