/** Sync all customers: many at once, a bad one among them, again and again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAddress, newCustomer, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop({ settings: { commercetools: { retries: 1, pageSize: 20 } } });
});
after(() => shop.stop());

test('all valid customers are delivered; others are counted with the reason', async () => {
  const fine = Array.from({ length: 45 }, () => newCustomer());
  const noEmail = newCustomer({ email: undefined });
  const badPhone = newCustomer({ addresses: [newAddress({ mobile: '0' })] });
  // Klaviyo accepts no e-mail without a domain, which commercetools may hold from an import.
  const badEmail = newCustomer({ email: 'mia.at.example' });
  const unreadable = newCustomer({ addresses: 'none' });
  const all = [...fine, noEmail, badPhone, badEmail, unreadable];
  for (const one of all) await shop.addRecords(one);
  const { state, counts } = await shop.testEnv.sync('customers');
  assert.equal(state, 'completed');
  assert.deepEqual([counts.read, counts.delivered, counts.skipped, counts.rejected], [49, 46, 2, 1]);
  assert.equal(counts.reasons['the customer has no e-mail'], 1);
  assert.equal(counts.reasons['the customer has no valid e-mail'], 1);
  assert.equal(counts.reasons.unreadable, 1);
  const seen = new Set((await shop.profiles()).map(({ external_id }) => external_id));
  assert.deepEqual(seen, new Set([...fine, badPhone].map(({ id }) => id)));
});

test('a second sync changes nothing that is to be seen', async () => {
  const before = await shop.profiles();
  const { state, counts } = await shop.testEnv.sync('customers');
  assert.deepEqual([state, counts.delivered], ['completed', 46]);
  assert.deepEqual(await shop.profiles(), before);
});

test('{ids}: only these customers; an id that is not there is counted as skipped', async () => {
  const [one, gone, other] = [newCustomer(), newCustomer(), newCustomer()];
  await shop.addRecords(one, other);
  const { counts } = await shop.sync('customers', [one, gone]);
  assert.deepEqual([counts.read, counts.delivered, counts.skipped], [2, 1, 1]);
  const seen = (await shop.profiles()).map(({ external_id }) => external_id);
  assert.deepEqual([seen.includes(one.id), seen.includes(other.id)], [true, false]);
});

test('a message of a customer and a sync of the same customer agree', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const shown = async () => {
    const { id: _id, ...seen } = await shop.profile(customer.id);
    return seen;
  };
  assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
  const counts = await shown();
  assert.equal((await shop.sync('customers', [customer])).counts.delivered, 1);
  assert.deepEqual(await shown(), counts);
});
