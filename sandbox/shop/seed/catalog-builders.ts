/** Builders of catalog records. */
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

/** Builds a root category. */
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

/** Builds a price without restrictions. */
export function price(fields: Partial<Price> = {}): Price {
  return { id: idOf('price/default'), value: money(1999), ...fields };
}

/** Builds a variant with a SKU, one price and one image. */
export function variant(fields: Partial<ProductVariant> = {}): ProductVariant {
  const image = { url: 'https://img.example/shirt.jpg', dimensions: { w: 800, h: 1200 } };
  return { id: 1, sku: 'SKU-1', prices: [price()], attributes: [], images: [image], assets: [], ...fields };
}

/** Builds the current or staged data of a product. */
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

/** Builds a published product. `data` is both current and staged; `staged` overrides the staged data. */
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

/** Builds an inventory entry with ten available units. */
export function inventoryEntry(fields: Partial<InventoryEntry> = {}): InventoryEntry {
  const quantityOnStock = fields.quantityOnStock ?? 10;
  return { ...baseFields(), sku: 'SKU-1', quantityOnStock, availableQuantity: quantityOnStock, ...fields };
}

/** Builds an active standalone price of a SKU. */
export function standalonePrice(fields: Partial<StandalonePrice> = {}): StandalonePrice {
  return { ...baseFields(), sku: 'SKU-1', value: money(1999), active: true, ...fields };
}
