/** A client without manage_key_value_documents: what works all the same, what is said of it, and what is not acknowledged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customer, delivery, id, order, reference } from '../fixtures/index.ts';
import { startTestEnv } from '../test-env.ts';

const scopes = ['view_customers', 'view_orders', 'view_products', 'view_categories', 'view_payments'];

test('without the right to keep records syncs and messages work, and the log says what is missing', async () => {
  await using testEnv = await startTestEnv({ commercetools: { scopes } });
  const known = customer();
  await testEnv.addRecords('customer', known);
  const run = await testEnv.sync('customers');
  assert.deepEqual([run.state, run.counts.delivered], ['completed', 1]);
  const placed = order({ id: id('0b') });
  const message = delivery('OrderCreated', reference('order', id('0b')), { order: placed });
  assert.equal(await testEnv.push(message), 204);
  assert.equal((await testEnv.events({ metric: 'Placed Order' })).length, 1);
  assert.ok(testEnv.logged.some((line) => line.includes('manage_key_value_documents')));
});

test('without it a rejected message is not acknowledged, because no dead letter can be stored', async () => {
  await using testEnv = await startTestEnv({ commercetools: { scopes } });
  const odd = order({ id: id('0c'), customerEmail: 'not an address', customerId: undefined });
  const message = delivery('OrderCreated', reference('order', id('0c')), { order: odd });
  assert.deepEqual([await testEnv.push(message), await testEnv.push(message)], [503, 503]);
});
