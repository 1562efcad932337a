/** Facts of the item rule: the product as it is now, its categories, and the stock and prices of its variants. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import {
  type InventoryEntry,
  type Product,
  type ProductVariant,
  productSchema,
  type StandalonePrice,
} from '../../commercetools/schemas.ts';
import type { ConfiguredChannel } from '../fields/availability.ts';
import { categoriesAreSynced } from '../settings.ts';
import { type Cause, changedRecordOf, type EvaluationContext, type FactsLoader, runOf } from '../types.ts';
import { configuredChannels } from './configured-channels.ts';
import { type ItemSubject, itemSubjects } from './item-subjects.ts';

export interface Offer {
  /** Inventory entries of the sku; `undefined` without the scope to read them. */
  entries: readonly InventoryEntry[] | undefined;
  /** Standalone prices of the sku; empty for a product with embedded prices. */
  standalonePrices: readonly StandalonePrice[];
}

export type ItemFacts =
  | {
      state: 'published';
      product: Product;
      /** `undefined` when categories are not synced. */
      categories: CategoryTree | undefined;
      offers: ReadonlyMap<string, Offer>;
      /** The channels of `product.inventory.useChannelInventory`. */
      channels: readonly ConfiguredChannel[];
      cause: Cause;
      at: Date;
    }
  | { state: 'unpublished'; product: Product; cause: Cause }
  | { state: 'deleted'; id: string };

export const itemFacts: FactsLoader<ItemSubject, ItemFacts> = {
  typeId: 'product',
  schema: productSchema.transform((product) => ({ state: 'present' as const, product })),
  refOf: (subject) =>
    subject.state === 'deleted'
      ? { typeId: 'product', id: subject.id }
      : { typeId: 'product', id: subject.product.id, version: subject.product.version },
  fromMessage: itemSubjects,
  async load(subject, context) {
    if (subject.state === 'deleted') return subject;
    const { product } = subject;
    const { lookups, cause, at, settings } = context;
    if (!product.masterData.published) return { state: 'unpublished', product, cause };
    const knowing = product.masterData.current.categories.map(({ id }) => id);
    const [categories, offers, channels] = await Promise.all([
      categoriesAreSynced(settings) ? lookups.categories({ knowing, run: runOf(cause) }) : undefined,
      offersOf(subject, context),
      configuredChannels(settings, lookups),
    ]);
    return { state: 'published', product, categories, offers, channels, cause, at };
  },
};

export function variantsOf(product: Product): ProductVariant[] {
  const { masterVariant, variants } = product.masterData.current;
  return masterVariant ? [masterVariant, ...variants] : variants;
}

/** Returns whether the prices are separate records with the sku. Embedded prices have no effect then. */
export function hasStandalonePrices(product: Product): boolean {
  return product.priceMode === 'Standalone';
}

async function offersOf(
  { product, changedSku }: Extract<ItemSubject, { state: 'present' }>,
  { lookups, cause }: Pick<EvaluationContext, 'lookups' | 'cause'>,
): Promise<Map<string, Offer>> {
  const changedPrice = changedRecordOf(cause, 'standalone-price');
  const skus = variantsOf(product).flatMap(({ sku }) => (sku ? [sku] : []));
  const standalone = hasStandalonePrices(product);
  const offers = await Promise.all(
    skus.map(async (sku): Promise<[string, Offer]> => {
      const [entries, standalonePrices] = await Promise.all([
        lookups.inventoryOfSku(sku),
        standalone ? lookups.standalonePrices(sku, sku === changedSku ? changedPrice : undefined) : [],
      ]);
      return [sku, { entries, standalonePrices }];
    }),
  );
  return new Map(offers);
}
