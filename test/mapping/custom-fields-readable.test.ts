/** `customFields.values: readable`, and the label of a reason, read from the types and records of the shop. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { id, money, reference, stored } from '../fixtures/index.ts';
import { newCustomer, newOrder, startOrderShop } from './order-fixture.ts';

const type = {
  ...stored('type-1'),
  key: 'loyalty',
  name: { en: 'Loyalty' },
  resourceTypeIds: ['customer', 'order'],
  fieldDefinitions: [
    {
      ...{ name: 'tier', label: { en: 'Tier' }, required: false },
      type: { name: 'Enum', values: [{ key: 'g', label: 'Gold' }] },
    },
  ],
};
const custom = {
  type: reference('type', 'type-1'),
  fields: {
    tier: 'g',
    motto: { en: 'Hello', de: 'Hallo' },
    credit: money(500),
    favourite: reference('category', id('ca1')),
  },
};
const readable = { tier: 'Gold', motto: 'Hello', credit: 5, credit_currency: 'EUR' };

test('custom fields of customers and orders are readable, in realtime and in bulk', async () => {
  const values = { customFields: { values: 'readable' } };
  await using shop = await startOrderShop({ settings: { customer: values, order: values } });
  await shop.testEnv.addRecords('type', type);
  await shop.testEnv.addRecords('channel', { ...stored('berlin'), key: 'b', name: { en: 'Berlin' }, roles: [] });
  const fields = { ...custom.fields, favourite: reference('channel', 'berlin') };
  const customer = newCustomer({ custom: { ...custom, fields } });
  await shop.addRecords(customer);
  assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
  const expected = { ...readable, favourite: 'Berlin' };
  assert.deepEqual((await shop.profile(customer.id)).properties, expected);
  assert.equal((await shop.sync('customers', [customer])).state, 'completed');
  assert.deepEqual((await shop.profile(customer.id)).properties, expected);
  const { properties } = await shop.placed({ custom: { ...custom, fields } });
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(properties[name], value, name);
});

test('raw values are the default, and no type is read for them', async () => {
  await using shop = await startOrderShop();
  const fault = await shop.injectFault({ kind: 'status', status: 503, path: '/types' });
  const customer = newCustomer({ custom });
  await shop.addRecords(customer);
  assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
  assert.deepEqual((await shop.profile(customer.id)).properties, custom.fields);
  assert.equal(await fault.matchCount(), 0);
});

test('the reason of a cancellation is the label of an enum', async () => {
  await using shop = await startOrderShop({ settings: { order: { reasonField: 'tier' } } });
  await shop.testEnv.addRecords('type', type);
  const order = newOrder({ orderState: 'Cancelled', custom });
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderStateChanged', order.ref, { orderState: 'Cancelled' }), 204);
  assert.equal((await shop.event('Cancelled Order', order.id)).properties.Reason, 'Gold');
});
