/** Which of many languages is shown, everywhere; and what happens to texts and records that are too large. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Json, lineItem, variant } from '../fixtures/index.ts';
import { idOf, newCategory, newProduct, startCatalogShop } from './catalog-fixture.ts';
import { newCustomer, newOrder, startOrderShop } from './order-fixture.ts';

/** What a category, an item and an order call a thing with these names. */
async function calledIn(PREFERRED_LOCALE: string, name: Json): Promise<string[]> {
  await using shop = await startCatalogShop({ env: { PREFERRED_LOCALE } });
  const category = newCategory('', undefined, { name, slug: { en: 'the-slug' }, key: 'the-key' });
  const product = newProduct({ name, slug: { en: 'the-slug' } });
  await shop.addRecords('category', category);
  assert.equal((await shop.testEnv.sync('categories')).state, 'completed');
  await shop.publish(product);
  const order = newOrder({ lineItems: [lineItem({ id: randomUUID(), name })], customLineItems: [] });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  const [placed] = await shop.testEnv.events({ metric: 'Placed Order' });
  const names: unknown = Object(placed?.properties).ItemNames;
  return [(await shop.category(idOf(category))).name, (await shop.item(product.id)).title, String(names)];
}

const everywhere = (text: string) => [text, text, text];

describe('the preferred locale', () => {
  const names = { fr: 'Pantalon', 'de-CH': 'Hosen CH', de: 'Hosen', 'en-GB': 'Trousers', 'en-US': 'Pants' };

  test('exactly, where it is there; without case, _ is -', async () => {
    assert.deepEqual(await calledIn('en-US', names), everywhere('Pants'));
    assert.deepEqual(await calledIn('EN_us', names), everywhere('Pants'));
  });

  test('else its language, else any regional form of it', async () => {
    assert.deepEqual(await calledIn('de-AT', names), everywhere('Hosen'));
    assert.deepEqual(await calledIn('en', names), everywhere('Trousers'));
    assert.deepEqual(await calledIn('en-AU', names), everywhere('Trousers'));
  });

  test('else the first; an empty text counts as missing', async () => {
    assert.deepEqual(await calledIn('it', names), everywhere('Pantalon'));
    assert.deepEqual(await calledIn('de', { de: '', it: 'Calzoni' }), everywhere('Calzoni'));
    assert.deepEqual(await calledIn('', { de: '', it: 'Calzoni' }), everywhere('Calzoni'));
  });

  test('no text at all: slug, and an order leaves the name out', async () => {
    assert.deepEqual(await calledIn('en', { de: '' }), ['the-slug', 'the-slug', '']);
  });
});

describe('what exceeds the limits of Klaviyo', () => {
  const letters = (count: number) => '🙂'.repeat(count / 4);

  test('an order with a text of 200 KB arrives with its beginning, cut at a character, and a warning', async () => {
    await using shop = await startOrderShop();
    const order = newOrder({ note: letters(200_000) });
    assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
    const { properties } = await shop.event('Placed Order', order.id);
    const note = String(properties.note);
    assert.ok(letters(200_000).startsWith(note) && Buffer.byteLength(note) > 90_000 && note.isWellFormed());
    assert.match(shop.warnings(order).join(), /note/);
  });

  test('an order with 500 properties of its own loses the least valuable, never our names nor its lines', async () => {
    await using shop = await startOrderShop();
    const fields = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, index]));
    const order = newOrder({ custom: { type: { typeId: 'type', id: 'x' }, fields } });
    assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
    const { properties } = await shop.event('Placed Order', order.id);
    assert.equal(Object.keys(properties).length, 400);
    for (const name of ['OrderId', 'Items', 'ItemNames', 'Categories', 'Brands', 'lineItems'])
      assert.ok(name in properties, name);
    assert.match(shop.warnings(order).join(), /left out for Klaviyo's limits/);
  });

  test('an order of 6 MB arrives', async () => {
    await using shop = await startOrderShop();
    const lineItems = Array.from({ length: 60 }, () => lineItem({ id: randomUUID(), note: letters(100_000) }));
    const order = newOrder({ lineItems });
    assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
    assert.equal((await shop.event('Placed Order', order.id)).value, 122.8);
    assert.equal((await shop.events({ metric: 'Ordered Product', profile: order.email })).length, 60);
  });

  test('a customer with custom fields of 150 KB arrives', async () => {
    await using shop = await startOrderShop();
    const fields = { first: letters(60_000), second: letters(60_000), third: letters(40_000) };
    const customer = newCustomer({ custom: { type: { typeId: 'type', id: 'x' }, fields } });
    await shop.addRecords(customer);
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
    assert.equal((await shop.profile(customer.email)).first_name, 'Mia');
    assert.match(shop.warnings(customer).join(), /left out for Klaviyo's limits/);
  });

  test('a product with names in 3,000 languages arrives; its texts stay JSON', async () => {
    await using shop = await startCatalogShop();
    const name = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`en-x${index}`, `Jeans ${index}`]));
    const made = newProduct({ name, masterVariant: variant({ sku: randomUUID() }), variants: [] });
    await shop.publish(made);
    const { custom_metadata, title } = await shop.item(made.id);
    assert.equal(title, 'Jeans 0');
    assert.equal(Object(JSON.parse(custom_metadata.title_json ?? '')).constructor, Object);
  });
});
