import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { klaviyoVariants } from '../../sandbox/klaviyo/behaviours.ts';
import { type Json, reference, variant, withoutPayload } from '../fixtures/index.ts';
import { deleteAsOther } from '../other-app.ts';
import {
  type CatalogShop,
  changed,
  idOf,
  newCategory,
  newProduct,
  referenceTo,
  startCatalogShop,
  unpublished,
} from './catalog-fixture.ts';

let shop: CatalogShop;
before(async () => {
  shop = await startCatalogShop();
});
after(() => shop.stop());

const json = (text: string | undefined): unknown => JSON.parse(text ?? 'null');
const of = (id: string) => reference('product', id);
const itemIds = async () => (await shop.items()).map(({ external_id }) => external_id);

test('a published product arrives as an item with every field of the table', async () => {
  const made = newProduct();
  await shop.publish(made);
  const { custom_metadata, ...item } = await shop.item(made.id);
  assert.deepEqual(item, {
    external_id: made.id,
    title: 'Slim Jeans',
    description: 'Blue and slim.',
    url: 'https://shop.example/p/slim-jeans',
    image_full_url: 'https://cdn.example.com/jeans-s.jpg',
    price: 79.9,
    published: true,
    categories: [],
  });
  assert.deepEqual(json(custom_metadata.title_json), { 'title_en-US': 'Slim Jeans', title_de: 'Schmale Jeans' });
  assert.deepEqual(json(custom_metadata.slug_json), { 'slug_en-US': 'slim-jeans', slug_de: 'schmale-jeans' });
  assert.match(custom_metadata.ctk_categories ?? '', /^[0-9a-f]{32}$/);
});

test('its variants arrive with every field of the table; one without an image has the item’s', async () => {
  const made = newProduct();
  await shop.publish(made);
  const { custom_metadata, ...second } = await shop.variant(made.sku2);
  assert.deepEqual(second, {
    external_id: made.sku2,
    sku: made.sku2,
    title: 'Slim Jeans',
    description: 'Blue and slim.',
    url: 'https://shop.example/p/slim-jeans',
    image_full_url: 'https://cdn.example.com/jeans-s.jpg',
    price: 84.9,
    inventory_quantity: 0,
    inventory_policy: 2,
    published: true,
    item: made.id,
  });
  assert.deepEqual(Object.keys(custom_metadata).sort(), ['currency_json', 'price_json', 'slug_json', 'title_json']);
  assert.equal((await shop.variant(made.sku)).price, 79.9);
});

test('a product without description, image, slug and price has empty texts, "None" and null', async () => {
  const bare = { description: undefined, slug: {}, variants: [] };
  const made = newProduct({ ...bare, masterVariant: variant({ sku: 'BARE', prices: [], images: [] }) });
  await shop.publish(made);
  const item = await shop.item(made.id);
  assert.deepEqual([item.description, item.image_full_url, item.url, item.price], ['', '', 'None', null]);
  assert.deepEqual(Object.keys(item.custom_metadata).sort(), ['ctk_categories', 'slug_json', 'title_json']);
  assert.equal((await shop.variant('BARE')).price, 0);
});

test('what a product loses is emptied in Klaviyo too', async () => {
  const made = newProduct();
  await shop.publish(made);
  const master = variant({ sku: made.sku, prices: [], images: [] });
  await shop.publish(changed(made, { description: {}, masterVariant: master, variants: [] }));
  const item = await shop.item(made.id);
  assert.deepEqual([item.description, item.image_full_url, item.price], ['', '', null]);
  assert.equal(item.custom_metadata.price_json, undefined);
});

test('a product without a name is called by its slug, else by its key', async () => {
  const slugged = newProduct({ name: {} });
  const keyed = newProduct({ name: {}, slug: {} }, { key: 'the-key' });
  await shop.publish(slugged);
  await shop.publish(keyed);
  assert.equal((await shop.item(slugged.id)).title, 'slim-jeans');
  assert.equal((await shop.item(keyed.id)).title, 'the-key');
});

test('only what is published counts, never what is staged, nor what the message carried', async () => {
  const made = newProduct();
  const staged: Json = { masterData: { ...Object(made.record.masterData), staged: newProduct({ name: {} }).record } };
  await shop.addRecords('product', { ...made.record, ...staged });
  const embedded = { productProjection: { id: made.id, name: { en: 'Old name' } } };
  assert.equal(await shop.sendMessage('ProductPublished', of(made.id), embedded), 204);
  assert.equal((await shop.item(made.id)).title, 'Slim Jeans');
});

test('a message that was too large publishes too', async () => {
  const made = newProduct();
  await shop.addRecords('product', made.record);
  assert.equal(await shop.testEnv.push(withoutPayload('ProductPublished', of(made.id))), 204);
  assert.equal((await shop.item(made.id)).title, 'Slim Jeans');
});

test('categories and their ancestors that Klaviyo lacks are created first, and the item is linked to all of them', async () => {
  const women = newCategory('Women');
  const pants = newCategory('Pants', women);
  const sale = newCategory('Sale');
  await shop.addRecords('category', women, pants, sale);
  const made = newProduct({ categories: [referenceTo(pants), referenceTo(sale)] });
  await shop.publish(made);
  const linked = [women, pants, sale].map(idOf);
  assert.deepEqual((await shop.item(made.id)).categories.toSorted(), linked.toSorted());
  assert.equal((await shop.category(idOf(pants))).name, 'Women > Pants');
});

test('a product of a category that is gone arrives without that link, and a warning says so', async () => {
  const made = newProduct({ categories: [referenceTo(newCategory('Gone'))] });
  await shop.publish(made);
  assert.deepEqual((await shop.item(made.id)).categories, []);
  assert.deepEqual(shop.warnings(made.id), ['unknown_category']);
});

test('an unpublished product takes its item and variants away; a second time is fine too', async () => {
  const made = newProduct();
  await shop.publish(made);
  await shop.addRecords('product', unpublished(made).record);
  for (let time = 0; time < 2; time += 1) {
    assert.equal(await shop.sendMessage('ProductUnpublished', of(made.id)), 204);
  }
  assert.equal((await itemIds()).includes(made.id), false);
  assert.deepEqual(await shop.skusOf(made.id), []);
});

test('a deleted product takes its item and variants away; one that Klaviyo never had is fine too', async () => {
  const made = newProduct();
  await shop.publish(made);
  shop.testEnv.shop.records.remove('product', made.id);
  assert.equal(await shop.sendChange('ResourceDeleted', of(made.id)), 204);
  assert.equal((await itemIds()).includes(made.id), false);
  assert.equal(await shop.sendChange('ResourceDeleted', of(newProduct().id)), 204);
});

test('an "unpublished" of a product that no longer exists takes its item and variants away', async () => {
  const made = newProduct();
  await shop.publish(made);
  shop.testEnv.shop.records.remove('product', made.id);
  assert.equal(await shop.sendMessage('ProductUnpublished', of(made.id)), 204);
  assert.equal((await itemIds()).includes(made.id), false);
  assert.deepEqual(await shop.skusOf(made.id), []);
});

for (const variantsOfDeletedItem of klaviyoVariants.variantsOfDeletedItem)
  test(`no variant of a deleted product stays when Klaviyo leaves variants of a deleted item ${variantsOfDeletedItem}`, async () => {
    await using own = await startCatalogShop({ klaviyo: { variantsOfDeletedItem } });
    const [deleted, unpublishedOne] = [newProduct(), newProduct()];
    await own.publish(deleted);
    await own.publish(unpublishedOne);
    own.testEnv.shop.records.remove('product', deleted.id);
    await own.addRecords('product', unpublished(unpublishedOne).record);
    assert.equal(await own.sendChange('ResourceDeleted', of(deleted.id)), 204);
    await own.testEnv.sync('products');
    assert.deepEqual([await own.items(), await own.variants()], [[], []]);
    // Its item was deleted by somebody else, who left its variants.
    await own.publish(deleted);
    await deleteAsOther(own.testEnv.klaviyo.url, `/api/catalog-items/$custom:::$default:::${deleted.id}`);
    own.testEnv.shop.records.remove('product', deleted.id);
    assert.equal(await own.sendChange('ResourceDeleted', of(deleted.id)), 204);
    assert.deepEqual(await own.variants(), []);
  });

test('a product that is published again is back with all its variants', async () => {
  const made = newProduct();
  await shop.publish(made);
  await shop.addRecords('product', unpublished(made).record);
  await shop.sendMessage('ProductUnpublished', of(made.id));
  await shop.publish(made);
  assert.equal((await shop.item(made.id)).published, true);
  assert.deepEqual(await shop.skusOf(made.id), [made.sku, made.sku2].sort());
});

test('a late "unpublished" of a product that is published again changes nothing', async () => {
  const made = newProduct();
  await shop.publish(made);
  assert.equal(await shop.sendMessage('ProductUnpublished', of(made.id)), 204);
  assert.equal((await shop.item(made.id)).published, true);
});

test('a product that is gone when its message arrives is skipped with the reason', async () => {
  const made = newProduct();
  assert.equal(await shop.sendMessage('ProductPublished', of(made.id)), 204);
  assert.deepEqual(shop.reasons(made.id), ['the product no longer exists']);
});

test('a product of the modular catalogue, without a master variant, is skipped with the reason', async () => {
  const made = newProduct({ masterVariant: undefined, variants: [] });
  await shop.publish(made);
  assert.deepEqual(shop.reasons(made.id), ['the product has no master variant (modular catalogue)']);
  assert.equal((await itemIds()).includes(made.id), false);
});
