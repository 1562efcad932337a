/** Generates products with categories, variants, prices in several currencies, and stock. */
import type {
  Category,
  InventoryEntry,
  Price,
  Product,
  ProductVariant,
  StandalonePrice,
} from '@commercetools/platform-sdk';
import { IDS } from './base-data.ts';
import { inventoryEntry, money, price, product, standalonePrice, variant } from './builders.ts';
import { leaves } from './category-tree.ts';
import { idOf, type Random } from './random.ts';

export interface SeededCatalog {
  readonly products: readonly Product[];
  readonly inventory: readonly InventoryEntry[];
  readonly standalonePrices: readonly StandalonePrice[];
}

const MATERIALS = ['Cotton|Baumwoll', 'Linen|Leinen', 'Wool|Woll', 'Silk|Seiden', 'Denim|Denim'] as const;
const THINGS = ['shirt|hemd', 'jacket|jacke', 'trousers|hose', 'scarf|schal', 'dress|kleid', 'coat|mantel'] as const;
const BRANDS = ['Nordlicht', 'Maison Verte', 'Acme'] as const;
const SIZES = ['S', 'M', 'L', 'XL'] as const;

/** Returns `count` products with their inventory entries and standalone prices. */
export function seedProducts(random: Random, count: number, categories: readonly Category[]): SeededCatalog {
  const entries = Array.from({ length: count }, (_, index) => createProduct(random, index, categories));
  return {
    products: entries.map((entry) => entry.product),
    inventory: entries.flatMap((entry) => entry.inventory),
    standalonePrices: entries.flatMap((entry) => entry.standalonePrices),
  };
}

interface SeededProduct {
  readonly product: Product;
  readonly inventory: readonly InventoryEntry[];
  readonly standalonePrices: readonly StandalonePrice[];
}

function createProduct(random: Random, index: number, categories: readonly Category[]): SeededProduct {
  const key = `product-${index + 1}`;
  const [material, thing] = [random.pick(MATERIALS).split('|'), random.pick(THINGS).split('|')];
  // Every fifteenth product has standalone prices.
  const standalone = index % 15 === 14;
  const cents = random.between(5, 200) * 100 - 1;
  const variants = Array.from({ length: random.between(1, 4) }, (_, position) =>
    createVariant(random, { key, position, prices: standalone ? [] : prices(key, position, cents) }),
  );
  const [masterVariant = variant(), ...others] = variants;
  const createdAt = random.instant(0, 300);
  const english = `${material[0]} ${thing[0]} ${index + 1}`;
  const german = `${material[1]}${thing[1]} ${index + 1}`;
  const data = {
    name: { en: english, 'de-DE': german, ...(random.chance(0.3) ? { 'fr-FR': `Modèle ${index + 1}` } : {}) },
    slug: { en: `${key}-${thing[0]}`, 'de-DE': `${key}-${thing[1]}` },
    description: { en: `${english}, made to last.`, 'de-DE': `${german}, gemacht um zu bleiben.` },
    categories: random
      .pickSome(leaves(categories), random.between(1, 2))
      .map(({ id }) => ({ typeId: 'category' as const, id })),
    masterVariant,
    variants: others,
  };
  const skus = variants.flatMap(({ sku }) => sku ?? []);
  return {
    product: product({
      id: idOf(`product/${key}`),
      key,
      createdAt,
      lastModifiedAt: createdAt,
      productType: { typeId: 'product-type', id: IDS.clothing },
      taxCategory: { typeId: 'tax-category', id: IDS.taxCategory },
      priceMode: standalone ? 'Standalone' : 'Embedded',
      ...(key.endsWith('1') ? { reviewRatingStatistics: ratings } : {}),
      data,
    }),
    inventory: skus.flatMap((sku) => stock(random, sku)),
    standalonePrices: standalone ? skus.flatMap((sku) => standalonePrices(sku, cents)) : [],
  };
}

const ratings = { averageRating: 4.25, highestRating: 5, lowestRating: 3, count: 8, ratingsDistribution: {} };

function createVariant(
  random: Random,
  { key, position, prices: own }: { key: string; position: number; prices: Price[] },
): ProductVariant {
  const size = SIZES[position] ?? 'S';
  return variant({
    id: position + 1,
    sku: `${key}-${size}`,
    key: `${key}-${size}`,
    prices: own,
    images: [{ url: `https://img.example/${key}/${size}.jpg`, dimensions: { w: 800, h: 1200 } }],
    attributes: [
      { name: 'brand', value: random.pick(BRANDS) },
      { name: 'size', value: size },
    ],
  });
}

function prices(key: string, position: number, cents: number): Price[] {
  const priceWithId = (name: string, fields: Partial<Price>) =>
    price({ id: idOf(`price/${key}/${position}/${name}`), ...fields });
  return [
    priceWithId('eur', { value: money(cents) }),
    priceWithId('de', { value: money(cents - 100), country: 'DE' }),
    priceWithId('us', { value: money(cents + 500, 'USD'), country: 'US' }),
    priceWithId('gb', { value: money(cents - 50, 'GBP'), country: 'GB' }),
    priceWithId('jp', { value: money(cents + 1, 'JPY'), country: 'JP' }),
    priceWithId('vip', {
      value: money(Math.round(cents * 0.8)),
      customerGroup: { typeId: 'customer-group', id: IDS.vip },
    }),
  ];
}

function standalonePrices(sku: string, cents: number): StandalonePrice[] {
  return [
    standalonePrice({ id: idOf(`standalone-price/${sku}/eur`), key: `${sku}-eur`, sku, value: money(cents) }),
    standalonePrice({
      id: idOf(`standalone-price/${sku}/us`),
      key: `${sku}-us`,
      sku,
      value: money(cents + 500, 'USD'),
      country: 'US',
    }),
  ];
}

function stock(random: Random, sku: string): InventoryEntry[] {
  const entry = (name: string, fields: Partial<InventoryEntry>) =>
    inventoryEntry({ id: idOf(`inventory/${sku}/${name}`), key: `${sku}-${name}`, sku, ...fields });
  const berlin = { supplyChannel: { typeId: 'channel' as const, id: IDS.berlin } };
  return [
    entry('all', { quantityOnStock: random.between(0, 80) }),
    ...(random.chance(0.4) ? [entry('berlin', { quantityOnStock: random.between(0, 20), ...berlin })] : []),
  ];
}
