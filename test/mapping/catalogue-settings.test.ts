import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, reference } from '../fixtures/index.ts';
import { newCategory, newEntry, newProduct, referenceTo, startCatalogShop } from './catalog-fixture.ts';

const of = (id: string) => reference('product', id);

test('without a URL template the url says "None", as ever', async () => {
  await using shop = await startCatalogShop({ env: { PRODUCT_URL_TEMPLATE: '' } });
  const made = newProduct();
  await shop.publish(made);
  assert.equal((await shop.item(made.id)).url, 'None');
  assert.equal((await shop.variant(made.sku)).url, 'None');
});

test('every {{productSlug}} of the URL template is filled, in the preferred language', async () => {
  const PRODUCT_URL_TEMPLATE = 'https://shop.example/{{productSlug}}?from={{productSlug}}';
  await using shop = await startCatalogShop({ env: { PRODUCT_URL_TEMPLATE, PREFERRED_LOCALE: 'de-AT' } });
  const made = newProduct();
  await shop.publish(made);
  const item = await shop.item(made.id);
  assert.equal(item.url, 'https://shop.example/schmale-jeans?from=schmale-jeans');
  assert.equal(item.title, 'Schmale Jeans');
});

test('product.noDescription says what stands where a description is missing', async () => {
  await using shop = await startCatalogShop({ settings: { product: { noDescription: 'None' } } });
  const made = newProduct({ description: undefined });
  await shop.publish(made);
  assert.equal((await shop.item(made.id)).description, 'None');
});

test('with all events of categories disabled items arrive without links, no category does, and a warning says so', async () => {
  const disabledEvents = ['CategoryCreated', ' CategoryResourceUpdated', 'CategoryResourceDeleted'];
  await using shop = await startCatalogShop({ settings: { disabledEvents } });
  const women = newCategory('Women');
  await shop.addRecords('category', women);
  assert.equal(await shop.sendMessage('CategoryCreated', referenceTo(women), { category: women }), 204);
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(women)), 204);
  const made = newProduct({ categories: [referenceTo(women)] });
  await shop.publish(made);
  assert.deepEqual((await shop.item(made.id)).categories, []);
  assert.deepEqual(await shop.categories(), []);
  assert.deepEqual(shop.warnings(made.id), ['categories_not_synced']);
});

test('disabled product and stock events change nothing in realtime; a sync still does', async () => {
  const disabledEvents = [
    'ProductPublished',
    'ProductUnpublished',
    'ProductResourceDeleted',
    'InventoryResourceUpdated',
  ];
  await using shop = await startCatalogShop({ settings: { disabledEvents } });
  const made = newProduct();
  await shop.publish(made);
  assert.deepEqual(await shop.items(), []);
  await shop.testEnv.sync('products');
  assert.equal(await shop.stocked(newEntry(made.sku, 9)), 204);
  assert.equal((await shop.variant(made.sku)).inventory_quantity, 0);
  assert.equal(await shop.sendChange('ResourceDeleted', of(made.id)), 204);
  assert.equal((await shop.item(made.id)).external_id, made.id);
});

test('other messages that the merchant names publish and delete', async () => {
  const messages: Json = { published: ['ProductSlugChanged'], deleted: ['ProductImageAdded'] };
  await using shop = await startCatalogShop({ settings: { product: { messages } } });
  const made = newProduct();
  await shop.publish(made);
  assert.deepEqual(await shop.items(), []);
  assert.equal(await shop.sendMessage('ProductSlugChanged', of(made.id)), 204);
  assert.equal((await shop.item(made.id)).title, 'Slim Jeans');
});

test('product.inventory.policy stands for every variant', async () => {
  await using shop = await startCatalogShop({ settings: { product: { inventory: { policy: 0 } } } });
  const made = newProduct();
  await shop.addRecords('inventory-entry', newEntry(made.sku, 3));
  await shop.publish(made);
  assert.equal((await shop.variant(made.sku)).inventory_policy, 0);
  assert.equal((await shop.variant(made.sku2)).inventory_policy, 0);
});

test('a client that may not read inventory and prices still brings items, with the stock that the product knows', async () => {
  const scopes = ['view_published_products', 'view_categories', 'view_orders'];
  await using shop = await startCatalogShop({ commercetools: { scopes: [...scopes, 'view_products'] } });
  const made = newProduct({}, { priceMode: 'Standalone' });
  await shop.publish(made);
  assert.equal((await shop.item(made.id)).price, null);
  assert.equal((await shop.variant(made.sku)).price, 0);
});
