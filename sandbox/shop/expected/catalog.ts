/** Computes the expected Klaviyo items, variants and categories of the published catalog. */

import { localizedText, toMajorUnits } from './format.ts';
import type { Shop, ShopCategory, ShopInventory, ShopPrice, ShopProduct, ShopVariant } from './read-shop.ts';

const CURRENCY = 'EUR';
const URL_TEMPLATE = 'https://shop.example/p/{{productSlug}}';

export interface ExpectedItem {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly url: string;
  readonly image: string | null;
  readonly price: number | null;
  /** Average and count, as text. */
  readonly rating: readonly [string, string] | undefined;
  readonly categories: readonly string[];
}

export interface ExpectedVariant {
  readonly sku: string;
  readonly item: string;
  readonly title: string;
  readonly image: string | null;
  readonly price: number;
  readonly quantity: number;
  /** Klaviyo's inventory_policy: 1 sells while in stock, 2 does not track stock. */
  readonly policy: number;
}

/** Returns an item per published product with a master variant. */
export function expectedItems(shop: Shop, now: Date): ExpectedItem[] {
  return shop.products.flatMap((product) => {
    const { id, masterVariant } = product;
    if (masterVariant === undefined) return [];
    const price = priceOf(shop, { product, variant: masterVariant, now });
    return [
      {
        id,
        title: titleOf(product),
        description: localizedText(product.description) ?? '',
        url: urlOf(product),
        image: masterVariant.images?.[0]?.url ?? null,
        price: price ?? null,
        rating: ratingOf(product),
        categories: categoriesOf(shop, product),
      },
    ];
  });
}

function ratingOf({ reviewRatingStatistics: rating }: ShopProduct): [string, string] | undefined {
  return rating && [String(rating.averageRating), String(rating.count)];
}

/** Returns the variants with a SKU of these products. */
export function expectedVariants(shop: Shop, now: Date): ExpectedVariant[] {
  const stock = Map.groupBy(shop.inventory, ({ sku }) => sku);
  return shop.products.flatMap((product) => {
    const { masterVariant } = product;
    if (masterVariant === undefined) return [];
    const image = masterVariant.images?.[0]?.url ?? null;
    return [masterVariant, ...product.variants].flatMap((variant) => {
      const { sku } = variant;
      if (sku === undefined || sku === '') return [];
      const price = priceOf(shop, { product, variant, now }) ?? 0;
      const own = variant.images?.[0]?.url ?? image;
      return [{ sku, item: product.id, title: titleOf(product), image: own, price, ...stockOf(stock.get(sku) ?? []) }];
    });
  });
}

/** Returns the breadcrumb by category id. */
export function expectedCategories(shop: Shop): Map<string, string> {
  const name = (category: ShopCategory) =>
    localizedText(category.name) ?? localizedText(category.slug) ?? category.key ?? category.id;
  const breadcrumb = (category: ShopCategory) => {
    const above = category.ancestors.flatMap(({ id }) => shop.categories.get(id) ?? []);
    return [...above, category].map(name).join(' > ');
  };
  return new Map([...shop.categories.values()].map((category) => [category.id, breadcrumb(category)]));
}

function titleOf({ name, slug, key, id }: ShopProduct): string {
  return localizedText(name) ?? localizedText(slug) ?? key ?? id;
}

function urlOf({ slug }: ShopProduct): string {
  const found = localizedText(slug);
  return found === undefined ? 'None' : URL_TEMPLATE.replaceAll('{{productSlug}}', found);
}

/** Returns the product's categories and their ancestors, without missing ones. */
function categoriesOf(shop: Shop, product: ShopProduct): string[] {
  const own = product.categories.flatMap(({ id }) => shop.categories.get(id) ?? []);
  const all = own.flatMap(({ id, ancestors }) => [id, ...ancestors.map((entry) => entry.id)]);
  return [...new Set(all)].filter((id) => shop.categories.has(id)).sort();
}

function stockOf(entries: readonly ShopInventory[]): { quantity: number; policy: number } {
  const general = entries.find(({ supplyChannel }) => supplyChannel === undefined);
  // A sku that is only in supply channels has the sum of their stock.
  const counted = general === undefined ? entries : [general];
  const quantity = counted.reduce((sum, { availableQuantity }) => sum + Math.max(0, availableQuantity), 0);
  return { quantity, policy: entries.length === 0 ? 2 : 1 };
}

function priceOf(
  shop: Shop,
  { product, variant, now }: { product: ShopProduct; variant: ShopVariant; now: Date },
): number | undefined {
  const standalonePrices = shop.standalonePrices.filter(({ sku, active }) => sku === variant.sku && active);
  const prices: readonly ShopPrice[] = product.priceMode === 'Standalone' ? standalonePrices : (variant.prices ?? []);
  const chosen = selectPrice(prices.filter(isForEverybody), now);
  return chosen === undefined ? undefined : toMajorUnits(chosen.discounted?.value ?? chosen.value);
}

function isForEverybody({ value, customerGroup, channel, recurrencePolicy }: ShopPrice): boolean {
  const restricted = [customerGroup, channel, recurrencePolicy].some((entry) => entry !== undefined);
  return value.currencyCode === CURRENCY && !restricted;
}

/** Selects a price: valid right now before undated; without country before with country; then list order. */
function selectPrice(prices: readonly ShopPrice[], now: Date): ShopPrice | undefined {
  const from = ({ validFrom }: ShopPrice) => (validFrom === undefined ? now.getTime() : Date.parse(validFrom));
  const until = ({ validUntil }: ShopPrice) =>
    validUntil === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(validUntil);
  const isDated = ({ validFrom, validUntil }: ShopPrice) => validFrom !== undefined || validUntil !== undefined;
  const dated = prices
    .filter((entry) => isDated(entry) && from(entry) <= now.getTime() && now.getTime() < until(entry))
    .sort((a, b) => from(a) - from(b) || until(a) - until(b));
  const undated = prices.filter((entry) => !isDated(entry));
  return dated[0] ?? undated.find(({ country }) => country === undefined) ?? undated[0];
}
