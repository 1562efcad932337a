/** Queries of commercetools that do not show a change yet when its message arrives. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { z } from 'zod';
import {
  categories,
  category,
  changeDelivery,
  customer,
  delivery,
  type Json,
  money,
  order,
  payment,
  price,
  product,
  reference,
  standalonePrice,
  stored,
  variant,
} from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { newEntry } from './catalog-fixture.ts';

/** Longer than any test takes. */
const queryLagMs = 600_000;
const text = z.string();
const recordSchema = z.looseObject({ id: text, version: z.number(), createdAt: text, lastModifiedAt: text });

/** Writes a record of the given version, which queries do not show. */
function write({ shop }: TestEnv, typeId: string, record: Json, version = 4): Json {
  const written = recordSchema.parse({ ...record, version });
  shop.records.put(typeId, written);
  return written;
}

const startLagging = () => startTestEnv({ commercetools: { queryLagMs } });
const refTo = (typeId: string, { id }: Json) => reference(typeId, String(id));
const updated = (typeId: string, record: Json) => changeDelivery('ResourceUpdated', refTo(typeId, record));
const message = (type: string, typeId: string, record: Json, own: Json = {}) =>
  delivery(type, refTo(typeId, record), { id: randomUUID(), ...own });
const of = (rows: Json[], field: string) => rows.map((row) => row[field]);

test('a customer that no query shows yet becomes a profile', async () => {
  await using testEnv = await startLagging();
  const created = write(testEnv, 'customer', customer({ id: randomUUID(), email: 'new@example.com' }));
  assert.equal(await testEnv.push(message('CustomerCreated', 'customer', created)), 204);
  assert.deepEqual(of(await testEnv.profiles(), 'email'), ['new@example.com']);
});

test('a customer that queries show in an older version gives a profile of the version of the message', async () => {
  await using testEnv = await startLagging();
  const old = customer({ id: randomUUID(), firstName: 'Old' });
  await testEnv.addRecords('customer', old);
  const current = write(testEnv, 'customer', { ...old, firstName: 'New' });
  assert.equal(await testEnv.push(updated('customer', current)), 204);
  assert.deepEqual(of(await testEnv.profiles(), 'first_name'), ['New']);
});

test('the state of an order is that of its message, and its payments are read by id', async () => {
  await using testEnv = await startLagging();
  const old = order({ id: randomUUID(), orderState: 'Open', paymentInfo: undefined });
  await testEnv.addRecords('order', old);
  const refund = { id: randomUUID(), type: 'Refund', state: 'Success', amount: money(100) };
  const paid = write(testEnv, 'payment', payment({ id: randomUUID(), transactions: [refund] }));
  const paymentInfo = { payments: [refTo('payment', paid)] };
  const current = write(testEnv, 'order', { ...old, orderState: 'Cancelled', paymentInfo });
  const own = { orderState: 'Cancelled', oldOrderState: 'Open' };
  assert.equal(await testEnv.push(message('OrderStateChanged', 'order', current, own)), 204);
  assert.equal((await testEnv.events({ metric: 'Cancelled Order' })).length, 1);
  assert.equal(await testEnv.push(message('OrderPaymentAdded', 'order', current)), 204);
  assert.equal((await testEnv.events({ metric: 'Refunded Order' })).length, 1);
});

test('the transactions of a payment are those of its message', async () => {
  await using testEnv = await startLagging();
  const old = payment({ id: randomUUID(), transactions: [] });
  await testEnv.addRecords('payment', old);
  const paymentInfo = { payments: [refTo('payment', old)] };
  await testEnv.addRecords('order', order({ id: randomUUID(), paymentInfo }));
  const refund = { id: randomUUID(), type: 'Refund', state: 'Success', amount: money(100) };
  const current = write(testEnv, 'payment', { ...old, transactions: [refund] });
  assert.equal(
    await testEnv.push(message('PaymentTransactionAdded', 'payment', current, { transaction: refund })),
    204,
  );
  assert.equal((await testEnv.events({ metric: 'Refunded Order' })).length, 1);
});

test('a refund whose order no query shows yet is delivered again; an old one without an order is skipped', async () => {
  await using testEnv = await startTestEnv({ commercetools: { queryLagMs } });
  const refund = { id: randomUUID(), type: 'Refund', state: 'Success', amount: money(100) };
  const paid = payment({ id: randomUUID(), transactions: [refund] });
  await testEnv.addRecords('payment', paid);
  write(testEnv, 'order', order({ id: randomUUID(), paymentInfo: { payments: [refTo('payment', paid)] } }));
  const refunded = (createdAt: string) =>
    message('PaymentTransactionAdded', 'payment', paid, { resourceVersion: 1, transaction: refund, createdAt });
  assert.equal(await testEnv.push(refunded(new Date().toISOString())), 503);
  assert.equal(await testEnv.push(refunded('2026-03-15T08:00:00.000Z')), 204);
});

test('products and discount codes of a new order that no query shows yet are read by id', async () => {
  await using testEnv = await startLagging();
  await testEnv.addRecords('category', ...categories());
  write(testEnv, 'product', product());
  const code = write(testEnv, 'discount-code', { ...stored(randomUUID()), code: 'SPRING' });
  const discountCodes = [{ discountCode: refTo('discount-code', code), state: 'MatchesCart' }];
  const placed = order({ id: randomUUID(), discountCodes });
  assert.equal(await testEnv.push(message('OrderCreated', 'order', placed, { order: placed })), 204);
  const [event] = await testEnv.events({ metric: 'Placed Order' });
  const { Categories, DiscountCode } = z.looseObject({}).parse(event?.properties);
  assert.deepEqual([Categories, DiscountCode], [['Women', 'Women > Pants', 'Women > Pants > Jeans'], 'SPRING']);
});

test('a product and a category have the version of their message', async () => {
  await using testEnv = await startLagging();
  const [itemId, categoryId] = [randomUUID(), randomUUID()];
  const named = (title: string) => product({ id: itemId }, { categories: [], name: { 'en-US': title } });
  await testEnv.addRecords('product', named('Old'));
  write(testEnv, 'product', named('New'));
  assert.equal(await testEnv.push(message('ProductPublished', 'product', { id: itemId })), 204);
  assert.deepEqual(of(await testEnv.items(), 'title'), ['New']);
  write(testEnv, 'category', category({ id: categoryId, name: { 'en-US': 'Hats' } }));
  assert.equal(await testEnv.push(message('CategoryCreated', 'category', { id: categoryId })), 204);
  assert.equal((await testEnv.categories()).length, 1);
});

test('stock has the version of its message, whether the entry is new, changed or deleted', async () => {
  await using testEnv = await startLagging();
  const sold = product({ id: randomUUID() }, { categories: [], masterVariant: variant({ sku: 's' }), variants: [] });
  await testEnv.addRecords('product', sold);
  assert.equal(await testEnv.push(message('ProductPublished', 'product', sold)), 204);
  const quantity = async () => (await testEnv.variants()).map((row) => [row.inventory_quantity, row.inventory_policy]);
  assert.deepEqual(await quantity(), [[0, 2]]);
  const entry = write(testEnv, 'inventory-entry', newEntry('s', 7));
  const inventoryEntry = { inventoryEntry: entry };
  assert.equal(await testEnv.push(message('InventoryEntryCreated', 'inventory-entry', entry, inventoryEntry)), 204);
  assert.deepEqual(await quantity(), [[7, 1]]);
  write(testEnv, 'inventory-entry', { ...entry, availableQuantity: 4 });
  assert.equal(await testEnv.push(updated('inventory-entry', entry)), 204);
  assert.deepEqual(await quantity(), [[4, 1]]);
  const shown = newEntry('s', 9);
  testEnv.shop.records.remove('inventory-entry', String(entry.id));
  await testEnv.addRecords('inventory-entry', shown);
  testEnv.shop.records.remove('inventory-entry', String(shown.id));
  assert.equal(await testEnv.push(message('InventoryEntryDeleted', 'inventory-entry', shown, { sku: 's' })), 204);
  assert.deepEqual(await quantity(), [[0, 2]]);
});

test('a standalone price has the version of its message, and a deleted one has no effect', async () => {
  await using testEnv = await startLagging();
  const current = {
    categories: [],
    masterVariant: variant({ sku: 's' }),
    variants: [variant({ id: 2, sku: 'other', prices: [price(1)] })],
  };
  await testEnv.addRecords('product', product({ id: randomUUID(), priceMode: 'Standalone' }, current));
  const old = standalonePrice(100, { id: randomUUID(), sku: 's' });
  await testEnv.addRecords('standalone-price', old);
  const changed = write(testEnv, 'standalone-price', { ...old, value: money(4500) });
  const prices = async () => (await testEnv.variants()).map(({ sku, price }) => [sku, price]).sort();
  assert.equal(await testEnv.push(message('StandalonePriceValueChanged', 'standalone-price', changed)), 204);
  assert.deepEqual(await prices(), [
    ['other', 0],
    ['s', 45],
  ]);
  testEnv.shop.records.remove('standalone-price', String(old.id));
  const deleted = { standalonePrice: changed };
  assert.equal(await testEnv.push(message('StandalonePriceDeleted', 'standalone-price', changed, deleted)), 204);
  assert.deepEqual(await prices(), [
    ['other', 0],
    ['s', 0],
  ]);
});

test('only a 404 by id shows that a record does not exist', async () => {
  await using testEnv = await startLagging();
  const gone = customer({ id: randomUUID() });
  assert.equal(await testEnv.push(updated('customer', gone)), 204);
  const reasons = testEnv.logged.filter((text) => text.includes('the customer no longer exists'));
  assert.equal(reasons.length, 1);
});

test('records in the version of their message are read by queries alone', async () => {
  await using testEnv = await startTestEnv();
  const current = customer({ id: randomUUID(), version: 4 });
  await testEnv.addRecords('customer', current);
  testEnv.shop.faults.add({ path: `/${testEnv.shop.projectKey}/customers/${current.id}`, kind: 'status', status: 500 });
  assert.equal(await testEnv.push(updated('customer', current)), 204);
  assert.equal((await testEnv.profiles()).length, 1);
});

test('a sync keeps what realtime wrote although its queries show an older version', async () => {
  // The run itself must not lag.
  await using testEnv = await startTestEnv({ commercetools: { queryLagMs }, env: { STORE: 'memory' } });
  const oldCustomer = customer({ id: randomUUID(), firstName: 'Old' });
  const sold = product({ id: randomUUID() }, { masterVariant: variant({ id: 1, sku: 'LAGGING' }), variants: [] });
  const entry = newEntry('LAGGING', 46);
  await testEnv.addRecords('customer', oldCustomer);
  await testEnv.addRecords('product', sold);
  await testEnv.addRecords('inventory-entry', entry);
  await testEnv.sync('products');
  const current = write(testEnv, 'customer', { ...oldCustomer, firstName: 'New' });
  const stocked = write(testEnv, 'inventory-entry', { ...entry, availableQuantity: 76, quantityOnStock: 76 });
  assert.equal(await testEnv.push(updated('customer', current)), 204);
  assert.equal(await testEnv.push(updated('inventory-entry', stocked)), 204);
  const shown = async () => [
    of(await testEnv.profiles(), 'first_name'),
    of(await testEnv.variants(), 'inventory_quantity'),
  ];
  assert.deepEqual(await shown(), [['New'], [76]]);
  await testEnv.sync('customers');
  await testEnv.sync('products');
  assert.deepEqual(await shown(), [['New'], [76]]);
});
