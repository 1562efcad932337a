/** The worked examples, as they lie in examples/, against both sandboxes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { reference } from '../fixtures/index.ts';
import { newCustomer, newOrder } from '../mapping/order-fixture.ts';
import { example, startWith } from './merchant.ts';

test('every example is a folder with a ctk.config.ts and a README, and has a test here', () => {
  const own = readFileSync(new URL(import.meta.url), 'utf8');
  const names = readdirSync(new URL('../../examples/', import.meta.url));
  assert.ok(names.length >= 3);
  for (const name of names) {
    assert.ok(own.includes(`example('${name}')`), name);
    assert.match(readFileSync(new URL(`../../examples/${name}/README.md`, import.meta.url), 'utf8'), /^# /);
  }
});

test('loyalty points of a customer are in the profile, with their tier and without the raw field', async (context) => {
  const shop = await startWith(context, example('loyalty-points'));
  const type = reference('type', 'loyalty');
  const [gold, none] = [
    newCustomer({ custom: { type, fields: { loyaltyPoints: 1_200, newsletter: true } } }),
    newCustomer({ custom: { type, fields: { newsletter: true } } }),
  ];
  await shop.addRecords(gold, none);
  assert.equal(await shop.sendChange('ResourceUpdated', gold.ref), 204);
  const { properties } = await shop.profile(gold.email);
  assert.deepEqual(properties, { newsletter: true, 'Loyalty Points': 1_200, 'Loyalty Tier': 'Gold' });
  await shop.sync('customers', [none]);
  assert.deepEqual((await shop.profile(none.email)).properties, { newsletter: true });
});

test('each estimated delivery of an order is an event of its own, once, in realtime and in bulk', async (context) => {
  const shop = await startWith(context, example('estimated-delivery'));
  const method = { shippingMethodName: 'DHL', deliveries: [] };
  const order = newOrder();
  const estimate = async (from: string) => {
    const shippingInfo = { ...method, estimatedDelivery: { from, until: '2026-03-20' } };
    await shop.addRecords({ ...order, record: { ...order.record, shippingInfo } });
    const payload = { estimatedDelivery: shippingInfo.estimatedDelivery };
    assert.equal(await shop.sendMessage('OrderEstimatedDeliverySet', order.ref, payload), 204);
  };
  await estimate('2026-03-17');
  await estimate('2026-03-18');
  await estimate('2026-03-18');
  await shop.sync('orders', [order]);
  const events = await shop.events({ metric: 'Estimated Delivery Set' });
  assert.deepEqual(
    events.map(({ unique_id, properties }) => [unique_id, properties.EstimatedDelivery]).toSorted(),
    ['2026-03-17', '2026-03-18'].map((from) => [`${order.id}:${from}..2026-03-20`, from]),
  );
  assert.ok(
    events.every(({ wouldTriggerFlows }) => wouldTriggerFlows),
    'the sync added none',
  );
});

test("a product is an item of each store with the store's URL, and goes with the product", async (context) => {
  const shop = await startWith(context, example('items-per-store'));
  const { counts } = await shop.testEnv.sync('products');
  assert.equal(counts.delivered, 1);
  const items = await shop.testEnv.items();
  const url = (end: string) => items.find(({ external_id }) => String(external_id).endsWith(end))?.url;
  assert.equal(items.length, 3);
  assert.equal(url('-berlin'), 'https://berlin.shop.example/p/schmale-jeans');
  assert.equal(url('-london'), 'https://london.shop.example/p/slim-jeans');
  const skus = (await shop.testEnv.variants()).map(({ sku }) => String(sku));
  assert.ok(skus.includes('JEANS-S') && skus.includes('JEANS-S-berlin') && skus.includes('JEANS-M-london'));
  const id = String(items[0]?.external_id).replace(/-(berlin|london)$/, '');
  shop.testEnv.shop.records.remove('product', id);
  assert.equal(await shop.sendChange('ResourceDeleted', reference('product', id)), 204);
  assert.deepEqual([await shop.testEnv.items(), await shop.testEnv.variants()], [[], []]);
});
