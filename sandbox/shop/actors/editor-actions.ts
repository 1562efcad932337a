/** Catalog actions of a Merchant Center user. Each one is a few HTTP requests. */
import { z } from 'zod';
import type { JournalEntry } from './journal.ts';
import { type ShopApi, versioned } from './shop-api.ts';
import { update } from './shopper-actions.ts';

const priced = z.object({ id: z.string(), value: z.object({ currencyCode: z.string(), centAmount: z.number() }) });
const productShape = versioned.extend({
  masterData: z.object({
    published: z.boolean(),
    staged: z.object({ masterVariant: z.object({ prices: z.array(priced) }) }),
  }),
});

/** Publishes a product or its staged changes. */
export async function publish(api: ShopApi, { product }: { product: string }): Promise<JournalEntry> {
  await update(api, `products/${product}`, [{ action: 'publish' }]);
  return { action: 'publish', description: 'a product is published', ids: { product } };
}

/** Unpublishes a product. */
export async function unpublish(api: ShopApi, { product }: { product: string }): Promise<JournalEntry> {
  await update(api, `products/${product}`, [{ action: 'unpublish' }]);
  return { action: 'unpublish', description: 'a product is unpublished', ids: { product } };
}

/** Multiplies the first price of the master variant by `factor` and publishes the product. */
export async function changePrice(
  api: ShopApi,
  { product, factor }: { product: string; factor: number },
): Promise<JournalEntry> {
  const { masterData } = await api.get(`products/${product}`, productShape);
  const [price] = masterData.staged.masterVariant.prices;
  if (price === undefined) throw new Error(`product ${product} has no price`);
  const { currencyCode, centAmount } = price.value;
  const value = { currencyCode, centAmount: Math.max(1, Math.round(centAmount * factor)) };
  await update(api, `products/${product}`, [
    { action: 'changePrice', priceId: price.id, price: { value }, staged: true },
  ]);
  await update(api, `products/${product}`, [{ action: 'publish' }]);
  return { action: 'changePrice', description: 'a price changes and the product is published again', ids: { product } };
}

/** Adds `quantity` to an inventory entry. */
export async function restock(
  api: ShopApi,
  { entry, quantity }: { entry: string; quantity: number },
): Promise<JournalEntry> {
  await update(api, `inventory/${entry}`, [{ action: 'addQuantity', quantity }]);
  return { action: 'restock', description: 'stock arrives', ids: { entry } };
}

/** Renames a category. */
export async function renameCategory(
  api: ShopApi,
  { category, name }: { category: string; name: string },
): Promise<JournalEntry> {
  await update(api, `categories/${category}`, [{ action: 'changeName', name: { en: name, 'de-DE': `${name} (DE)` } }]);
  return { action: 'renameCategory', description: 'a category is renamed', ids: { category } };
}

/** Creates a category under `parent`. */
export async function createCategory(
  api: ShopApi,
  { name, slug, parent }: { name: string; slug: string; parent: string },
): Promise<JournalEntry> {
  const draft = { name: { en: name }, slug: { en: slug }, parent: { typeId: 'category', id: parent } };
  const { id } = await api.post('categories', draft, versioned);
  return { action: 'createCategory', description: 'a category is created', ids: { category: id, parent } };
}

/** Deletes a category. */
export async function deleteCategory(api: ShopApi, { category }: { category: string }): Promise<JournalEntry> {
  const { version } = await api.get(`categories/${category}`, versioned);
  await api.delete(`categories/${category}?version=${version}`);
  return { action: 'deleteCategory', description: 'a category is deleted', ids: { category } };
}

/** Creates and publishes a product with one variant. */
export async function createProduct(
  api: ShopApi,
  { sku, productType, category }: { sku: string; productType: string; category: string },
): Promise<JournalEntry> {
  const draft = {
    key: sku,
    productType: { typeId: 'product-type', id: productType },
    name: { en: `New ${sku}`, 'de-DE': `Neu ${sku}` },
    slug: { en: sku, 'de-DE': `${sku}-de` },
    categories: [{ typeId: 'category', id: category }],
    masterVariant: {
      sku,
      prices: [{ value: { currencyCode: 'EUR', centAmount: 2_500 } }],
      images: [{ url: `https://img.example/${sku}.jpg`, dimensions: { w: 800, h: 800 } }],
    },
    publish: true,
  };
  const { id } = await api.post('products', draft, versioned);
  return { action: 'createProduct', description: 'a product is created and published', ids: { product: id } };
}

/** Unpublishes a published product, as commercetools requires, and deletes it. */
export async function deleteProduct(api: ShopApi, { product }: { product: string }): Promise<JournalEntry> {
  const { masterData } = await api.get(`products/${product}`, productShape);
  if (masterData.published) await update(api, `products/${product}`, [{ action: 'unpublish' }]);
  const { version } = await api.get(`products/${product}`, versioned);
  await api.delete(`products/${product}?version=${version}`);
  return { action: 'deleteProduct', description: 'a product is deleted', ids: { product } };
}
