/** Lookups that read each record once, so that rules can be evaluated again with one value of a record changed. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Lookups } from '../../commercetools/lookups/types.ts';
import type { StoredCategory } from '../../commercetools/schemas.ts';
import type { FoundProfile, LookupScope, ProfileLookups } from '../../klaviyo/profile-lookups.ts';
import { referenceKey } from '../../rules/fields/readable.ts';
import { type Path, withChangedLeaves } from './json-paths.ts';

/** A path within one of the records that were read. */
export interface Perturbation {
  source: string;
  path: Path;
}

/** @param real reads commercetools. @param realProfiles reads Klaviyo */
export function recordLookups(real: Lookups, realProfiles: ProfileLookups) {
  const seen = new Map<string, unknown>();
  let closed = false;
  let perturbation: Perturbation | undefined;

  function answer<Found>(source: string, found: Found): Found {
    if (found !== undefined) seen.set(source, found);
    return perturbation?.source === source ? withChangedLeaves(found, perturbation.path) : found;
  }
  function once<Found>(name: string, absent: Found, read: (key: string) => Promise<Found>) {
    const known = new Map<string, Promise<Found>>();
    return async (key: string): Promise<Found> => {
      const found = known.get(key) ?? (closed ? Promise.resolve(absent) : read(key));
      if (!closed) known.set(key, found);
      return answer(`${name} ${key}`, await found);
    };
  }
  const discountCode = once('discount code', {}, async (id): Promise<{ code?: string }> => {
    const code = await real.discountCode(id);
    return code === undefined ? {} : { code };
  });
  const named = once('name of', {}, async (key): Promise<{ name?: Awaited<ReturnType<Lookups['nameOf']>> }> => {
    const [typeId = '', id = ''] = key.split(' ');
    const name = await real.nameOf({ typeId, id });
    return name === undefined ? {} : { name };
  });
  const orderCustomer = once('customer of the order', 'deleted', (id) => real.orderCustomer(id, { fresh: true }));
  const scope: LookupScope = { lane: 'realtime', fresh: true };
  const absent = { profile: undefined, cached: false };
  const byExternalId = once<FoundProfile>('profile with the id', absent, (id) => realProfiles.byExternalId(id, scope));
  const byEmail = once<FoundProfile>('profile with the e-mail', absent, (email) => realProfiles.byEmail(email, scope));
  const holders = new Map<string, Promise<boolean>>();
  let tree: Promise<CategoryTree> | undefined;

  return {
    seen,
    /** Reads nothing any more: what is not recorded counts as absent. */
    close(): void {
      closed = true;
    },
    /** Until the next call every value below this path is changed. */
    perturb(next: Perturbation | undefined): void {
      perturbation = next;
    },
    lookups: {
      customer: once('customer', undefined, real.customer),
      customersWithEmail: once('customers with the e-mail', [], real.customersWithEmail),
      isDeleted: (typeId, id) => (closed ? Promise.resolve(false) : real.isDeleted(typeId, id)),
      cart: once('cart', undefined, real.cart),
      order: once('order', undefined, real.order),
      ordersOfPayment: once('orders of payment', [], real.ordersOfPayment),
      paidOrders: once('orders of payment', [], real.paidOrders),
      hasOtherOrder: (email, orderId) => (closed ? Promise.resolve(false) : real.hasOtherOrder(email, orderId)),
      payment: once('payment', undefined, real.payment),
      product: once('product', undefined, real.product),
      orderedProduct: once('product', undefined, real.orderedProduct),
      productsWithSku: once('products with sku', [], real.productsWithSku),
      category: once('category', undefined, real.category),
      async categories(want) {
        tree ??= real.categories(want);
        return remembered(await tree, (category) => answer(`category ${category.id}`, category));
      },
      inventoryEntry: once('inventory entry', undefined, real.inventoryEntry),
      inventoryOfSku: once('inventory of sku', undefined, real.inventoryOfSku),
      channelIds: once('channels with key', [], real.channelIds),
      standalonePrices: once('prices of sku', [], real.standalonePrices),
      standalonePrice: once('price', undefined, real.standalonePrice),
      customType: once('type', undefined, real.customType),
      nameOf: async (reference) => (await named(referenceKey(reference))).name,
      store: once('store', undefined, real.store),
      businessUnitsOf: once('business units of customer', [], real.businessUnitsOf),
      state: once('state', undefined, real.state),
      discountCode: async (id) => (await discountCode(id)).code,
      orderCustomer,
    } satisfies Lookups,
    profiles: {
      acceptsProfileId: realProfiles.acceptsProfileId,
      rememberedFor: once('remembered profile of order', undefined, realProfiles.rememberedFor),
      details: once('details of profile', undefined, realProfiles.details),
      byExternalId,
      byEmail,
      hasEvent(profileId, event) {
        const found =
          holders.get(profileId) ?? (closed ? Promise.resolve(false) : realProfiles.hasEvent(profileId, event, scope));
        holders.set(profileId, found);
        return found;
      },
    } satisfies ProfileLookups,
  };
}

function remembered(tree: CategoryTree, answer: (category: StoredCategory) => StoredCategory): CategoryTree {
  return {
    size: tree.size,
    get(id) {
      const found = tree.get(id);
      return found && answer(found);
    },
    path: (id) => tree.path(id).map(answer),
    descendants: tree.descendants,
  };
}
