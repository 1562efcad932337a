/** The catalogue's share of the builders. */
import type {
  Category,
  InventoryEntry,
  Price,
  Product,
  ProductData,
  ProductVariant,
  StandalonePrice,
} from '@commercetools/platform-sdk';
import { money } from './money.ts';
import { idOf } from './random.ts';
import { baseFields } from './record-base.ts';

/** A category at the top. */
export function category(fields: Partial<Category> = {}): Category {
  return {
    ...baseFields(),
    name: { en: 'Women' },
    slug: { en: 'women' },
    ancestors: [],
    orderHint: '0.5',
    assets: [],
    ...fields,
  };
}

/** A price that holds for everybody, always. */
export function price(fields: Partial<Price> = {}): Price {
  return { id: idOf('price/default'), value: money(1999), ...fields };
}

/** A variant with a sku, one price and one image. */
export function variant(fields: Partial<ProductVariant> = {}): ProductVariant {
  const image = { url: 'https://img.example/shirt.jpg', dimensions: { w: 800, h: 1200 } };
  return { id: 1, sku: 'SKU-1', prices: [price()], attributes: [], images: [image], assets: [], ...fields };
}

/** One side of a product. */
export function productData(fields: Partial<ProductData> = {}): ProductData {
  return {
    name: { en: 'Shirt', 'de-DE': 'Hemd' },
    slug: { en: 'shirt', 'de-DE': 'hemd' },
    description: { en: 'A shirt.', 'de-DE': 'Ein Hemd.' },
    categories: [],
    categoryOrderHints: {},
    masterVariant: variant(),
    variants: [],
    searchKeywords: {},
    attributes: [],
    ...fields,
  };
}

/** A published product; `data` is both sides unless `staged` says otherwise. */
export function product(
  fields: Partial<Product> & { data?: Partial<ProductData>; staged?: Partial<ProductData>; published?: boolean } = {},
): Product {
  const { data, staged, published = true, ...given } = fields;
  const current = productData(data);
  return {
    ...baseFields(),
    productType: { typeId: 'product-type', id: idOf('product-type/clothing') },
    priceMode: 'Embedded',
    masterData: {
      published,
      hasStagedChanges: staged !== undefined,
      current,
      staged: { ...current, ...staged },
    },
    ...given,
  };
}

/** Ten pieces, all of them available. */
export function inventoryEntry(fields: Partial<InventoryEntry> = {}): InventoryEntry {
  const quantityOnStock = fields.quantityOnStock ?? 10;
  return { ...baseFields(), sku: 'SKU-1', quantityOnStock, availableQuantity: quantityOnStock, ...fields };
}

/** An active price of a sku, kept outside the product. */
export function standalonePrice(fields: Partial<StandalonePrice> = {}): StandalonePrice {
  return { ...baseFields(), sku: 'SKU-1', value: money(1999), active: true, ...fields };
}
