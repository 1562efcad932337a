/** Maps a published product to a complete item with its variants and categories. */
import { createHash } from 'node:crypto';
import type { Price, Product, ProductVariant } from '../../commercetools/schemas.ts';
import type { CatalogCategory, CatalogItem, CatalogVariant, Warning } from '../../klaviyo/change.ts';
import {
  hasHiddenStock,
  isInOtherChannelsOnly,
  type Stock,
  stockOfAvailability,
  stockOfEntries,
} from '../fields/availability.ts';
import { breadcrumb } from '../fields/breadcrumb.ts';
import { type Metadata, metadataOfNames, metadataOfPrices } from '../fields/metadata.ts';
import { amountOf, choosePrice, hasOnlyChannelPrices } from '../fields/prices.ts';
import { cutText, localizedText, present, titleOf } from '../fields/text.ts';
import { productUrl } from '../fields/url.ts';
import type { RuleSettings } from '../settings.ts';
import { changes, type RuleOutput, skip } from '../types.ts';
import { hasStandalonePrices, type ItemFacts, variantsOf } from './item-facts.ts';

export type PublishedFacts = Extract<ItemFacts, { state: 'published' }>;

interface MappingContext {
  facts: PublishedFacts;
  settings: RuleSettings;
  /** What the item and all of its variants have: made once, as thousands of items are in flight. */
  names: Metadata;
  /** Warnings by code, so that a hundred variants give one warning. */
  warnings: Map<string, Warning>;
}

export function itemChange(facts: PublishedFacts, settings: RuleSettings): RuleOutput {
  const { masterVariant, name, slug } = facts.product.masterData.current;
  if (!masterVariant) return skip('the product has no master variant (modular catalogue)');
  const context: MappingContext = { facts, settings, names: metadataOfNames(name, slug), warnings: new Map() };
  const categories = categoriesOf(context);
  const variants = variantsOf(facts.product);
  const item = itemOf(masterVariant, categories, context);
  const mapped = variants.flatMap((variant) => variantOf(variant, item, context));
  if (
    hasOnlyChannelPrices(
      variants.flatMap((variant) => pricesOf(variant, facts)),
      settings.product.price,
    )
  ) {
    warn(context, 'only_channel_prices', 'all prices belong to channels: set product.price.channel to choose one');
  }
  return changes([{ type: 'item', item, variants: mapped, categories }], { warnings: [...context.warnings.values()] });
}

/** Texts, as all entries of `custom_metadata` are. */
function ratingOf({ reviewRatingStatistics: rating }: Product, { catalog }: RuleSettings): Record<string, string> {
  if (!catalog.ratings || !rating) return {};
  return { rating_average: String(rating.averageRating), rating_count: String(rating.count) };
}

/** Returns a hash of the categories that an item is linked to, because Klaviyo lists items without their links. */
export function hashOfCategories(ids: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(ids.toSorted())).digest('hex').slice(0, 32);
}

function itemOf(
  masterVariant: ProductVariant,
  categories: readonly CatalogCategory[],
  context: MappingContext,
): CatalogItem {
  const { facts, settings } = context;
  const price = chosenPrice(masterVariant, context);
  return {
    ...sharedOf(facts.product, settings),
    external_id: facts.product.id,
    image_full_url: imageOf(masterVariant),
    price: price ? amountOf(price, settings.product.price) : null,
    custom_metadata: {
      ...metadataTexts(masterVariant, context),
      ...ratingOf(facts.product, settings),
      ctk_categories: hashOfCategories(categories.map(({ external_id }) => external_id)),
    },
  };
}

function variantOf(variant: ProductVariant, item: CatalogItem, context: MappingContext): CatalogVariant[] {
  const { settings } = context;
  const sku = present(variant.sku);
  if (sku === undefined) {
    warn(context, 'variant_without_sku', `variant ${variant.id} has no sku and was left out`);
    return [];
  }
  const price = chosenPrice(variant, context);
  const stock = stockOf(variant, sku, context);
  const { title, description, url, published } = item;
  return [
    {
      title,
      description,
      url,
      published,
      external_id: sku,
      sku,
      image_full_url: imageOf(variant) ?? item.image_full_url,
      price: price ? amountOf(price, settings.product.price) : 0,
      inventory_quantity: stock.quantity,
      inventory_policy: stock.policy,
      custom_metadata: metadataTexts(variant, context),
    },
  ];
}

function sharedOf(
  product: Product,
  settings: RuleSettings,
): Pick<CatalogItem, 'title' | 'description' | 'url' | 'published'> {
  const { name, slug, description } = product.masterData.current;
  const { id, key } = product;
  return {
    title: titleOf({ id, key, name, slug }, settings.preferredLocale),
    description: cutText(localizedText(description, settings.preferredLocale) ?? settings.product.noDescription),
    // Klaviyo requires a url. The open-source plugin sends this text.
    url: productUrl(slug, settings) ?? 'None',
    published: true,
  };
}

/** Returns the item's categories and their ancestors, each after its own ancestors. */
function categoriesOf(context: MappingContext): CatalogCategory[] {
  const { facts, settings } = context;
  const tree = facts.categories;
  if (!tree) {
    warn(context, 'categories_not_synced', 'categories are disabled, so the item is not linked to any');
    return [];
  }
  const linked = new Map<string, CatalogCategory>();
  for (const { id } of facts.product.masterData.current.categories) {
    const path = tree.path(id);
    if (path.length === 0)
      warn(context, 'unknown_category', `category ${id} no longer exists, so the item is not linked to it`);
    for (const [index, level] of path.entries()) {
      const name = breadcrumb(path.slice(0, index + 1), settings.preferredLocale);
      linked.set(level.id, { external_id: level.id, name });
    }
  }
  return [...linked.values()];
}

function pricesOf(variant: ProductVariant, { product, offers }: PublishedFacts): readonly Price[] {
  if (!hasStandalonePrices(product)) return variant.prices;
  return offers.get(variant.sku ?? '')?.standalonePrices.filter(({ active }) => active) ?? [];
}

function chosenPrice(variant: ProductVariant, { facts, settings }: MappingContext): Price | undefined {
  const currency = settings.preferredCurrency;
  return choosePrice(pricesOf(variant, facts), {
    settings: settings.product.price,
    at: facts.at,
    ...(currency === '' ? {} : { currency }),
  });
}

function stockOf(variant: ProductVariant, sku: string, context: MappingContext): Stock {
  const { facts, settings } = context;
  const rules = { settings: settings.product.inventory, channels: facts.channels };
  const entries = facts.offers.get(sku)?.entries;
  if (entries === undefined) return stockOfAvailability(variant.availability, rules);
  if (isInOtherChannelsOnly(entries, rules))
    warn(
      context,
      'stock_in_other_channels',
      'the stock is 0, as all entries are in channels that product.inventory.useChannelInventory does not name',
    );
  else if (hasHiddenStock(entries, rules))
    warn(
      context,
      'stock_in_channels',
      'the stock is 0 while supply channels have some: set product.inventory.useChannelInventory to choose them',
    );
  return stockOfEntries(entries, rules);
}

function metadataTexts(variant: ProductVariant, context: MappingContext): Record<string, string> {
  const { facts, settings, names } = context;
  const prices = metadataOfPrices(pricesOf(variant, facts), { at: facts.at, settings });
  const cut = [...names.cut, ...prices.cut];
  if (cut.length > 0)
    warn(context, 'metadata_cut', `too large for custom_metadata, entries left out: ${cut.join(', ')}`);
  return { ...names.texts, ...prices.texts };
}

function imageOf(variant: ProductVariant): string | null {
  const url = present(variant.images[0]?.url);
  return url === undefined ? null : cutText(url);
}

function warn({ warnings }: MappingContext, code: string, detail: string): void {
  if (!warnings.has(code)) warnings.set(code, { code, detail });
}
