/** What the item rule may look at: the product as it is now, its categories, and its variants' stock and prices. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import {
  type InventoryEntry,
  type Product,
  type ProductVariant,
  productSchema,
  type StandalonePrice,
} from '../../commercetools/schemas.ts';
import { categoriesAreSynced } from '../settings.ts';
import { type Cause, type EvaluationContext, type FactsLoader, runOf } from '../types.ts';
import { type ItemRoot, itemRoots } from './item-roots.ts';

export interface Offer {
  /** The sku's inventory entries; `undefined` where the client may not read them. */
  entries: readonly InventoryEntry[] | undefined;
  /** The standalone prices of the sku; empty for a product with embedded prices. */
  standalonePrices: readonly StandalonePrice[];
}

export type ItemFacts =
  | {
      state: 'published';
      product: Product;
      /** `undefined` while categories are not synced. */
      categories: CategoryTree | undefined;
      /** By sku. */
      offers: ReadonlyMap<string, Offer>;
      cause: Cause;
      at: Date;
    }
  | { state: 'unpublished'; product: Product; cause: Cause }
  | { state: 'gone'; id: string };

export const itemFacts: FactsLoader<ItemRoot, ItemFacts> = {
  typeId: 'product',
  schema: productSchema.transform((product) => ({ state: 'there' as const, product })),
  refOf: (root) =>
    root.state === 'gone'
      ? { typeId: 'product', id: root.id }
      : { typeId: 'product', id: root.product.id, version: root.product.version },
  fromMessage: itemRoots,
  async load(root, reading) {
    if (root.state === 'gone') return root;
    const { product } = root;
    const { lookups, cause, at, settings } = reading;
    if (!product.masterData.published) return { state: 'unpublished', product, cause };
    const knowing = product.masterData.current.categories.map(({ id }) => id);
    const [categories, offers] = await Promise.all([
      categoriesAreSynced(settings) ? lookups.categories({ knowing, run: runOf(cause) }) : undefined,
      offersOf(product, lookups),
    ]);
    return { state: 'published', product, categories, offers, cause, at };
  },
};

/** The master variant first. */
export function variantsOf(product: Product): ProductVariant[] {
  const { masterVariant, variants } = product.masterData.current;
  return masterVariant ? [masterVariant, ...variants] : variants;
}

/** Whether prices are records of their own, found by sku; embedded ones say nothing then. */
export function hasStandalonePrices(product: Product): boolean {
  return product.priceMode === 'Standalone';
}

async function offersOf(product: Product, lookups: EvaluationContext['lookups']): Promise<Map<string, Offer>> {
  const skus = variantsOf(product).flatMap(({ sku }) => (sku ? [sku] : []));
  const standalone = hasStandalonePrices(product);
  const offers = await Promise.all(
    skus.map(async (sku): Promise<[string, Offer]> => {
      const [entries, standalonePrices] = await Promise.all([
        lookups.inventoryOfSku(sku),
        standalone ? lookups.standalonePrices(sku) : [],
      ]);
      return [sku, { entries, standalonePrices }];
    }),
  );
  return new Map(offers);
}
