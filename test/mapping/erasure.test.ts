/** Erasure: a customer that is deleted with dataErasure, and what arrives about that customer afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { changeDelivery, type Json } from '../fixtures/index.ts';
import { type Made, newCustomer, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

const request = { customer: { onErasure: 'request' } };
const requests = z.object({ counts: z.record(z.string(), z.record(z.string(), z.number())) });

const dropFrom = (shop: OrderShop, { id }: Made) => shop.testEnv.shop.records.remove('customer', id);
let version = 100;

async function erase(shop: OrderShop, { ref }: Made, own: Json = {}): Promise<number> {
  version += 1;
  return shop.testEnv.push({ ...changeDelivery('ResourceDeleted', ref), version, dataErasure: true, ...own });
}

const hasProfile = async (shop: OrderShop, { id }: Made) =>
  (await shop.profiles()).some(({ external_id }) => external_id === id);

async function untilErased(shop: OrderShop, customer: Made): Promise<void> {
  while (await hasProfile(shop, customer)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** How many deletion jobs Klaviyo received, by status. */
async function deletions(shop: OrderShop): Promise<Record<string, number>> {
  const answer = await fetch(`${shop.testEnv.klaviyo.url}/sandbox/requests`);
  return requests.parse(await answer.json()).counts.request_profile_deletion ?? {};
}

async function synced(shop: OrderShop, customer: Made): Promise<void> {
  await shop.addRecords(customer);
  await shop.sync('customers', [customer]);
  assert.equal((await shop.profile(customer.email)).external_id, customer.id);
}

test('by default nothing is deleted', async () => {
  await using shop = await startOrderShop();
  const customer = newCustomer();
  await synced(shop, customer);
  dropFrom(shop, customer);
  assert.equal(await erase(shop, customer), 204);
  assert.deepEqual([await deletions(shop), await hasProfile(shop, customer)], [{}, true]);
});

test('request: one deletion job; repeats and unknown profiles are done', async () => {
  await using shop = await startOrderShop({ settings: request });
  const customer = newCustomer();
  await synced(shop, customer);
  dropFrom(shop, customer);
  assert.equal(await erase(shop, customer), 204);
  await untilErased(shop, customer);
  assert.equal(await erase(shop, customer), 204);
  assert.equal(await erase(shop, newCustomer()), 204);
  assert.deepEqual(await deletions(shop), { 202: 1 });
});

test('a customer that is deleted without dataErasure stays, and so does one that still exists', async () => {
  await using shop = await startOrderShop({ settings: request });
  const [deleted, present] = [newCustomer(), newCustomer()];
  await synced(shop, deleted);
  await synced(shop, present);
  dropFrom(shop, deleted);
  assert.equal(await erase(shop, deleted, { dataErasure: false }), 204);
  assert.equal(await shop.sendMessage('CustomerDeleted', deleted.ref, { dataErasure: true }), 204);
  assert.equal(await erase(shop, present), 204);
  assert.deepEqual([await hasProfile(shop, deleted), await hasProfile(shop, present)], [true, true]);
  assert.deepEqual(await deletions(shop), {});
});

test('later orders of the customer are skipped in realtime, in a sync and in a replay; those of others are sent', async () => {
  await using shop = await startOrderShop({ settings: request });
  const customer = newCustomer();
  await synced(shop, customer);
  const owned = (made: Made): Made => ({ ...made, record: { ...made.record, customerId: customer.id } });
  const [late, inSync, replayed, other] = [owned(newOrder()), owned(newOrder()), owned(newOrder()), newOrder()];
  const cause = { type: 'run', runId: 'run', backfill: true } as const;
  const ofOrder = {
    record: { typeId: 'order', id: replayed.id },
    rule: 'placed-order',
    code: 'odd',
    detail: '',
    cause,
  };
  assert.equal(await shop.testEnv.app.deadLetters.store(ofOrder), 'stored');
  const ofCustomer = { ...ofOrder, record: { typeId: 'customer', id: customer.id }, rule: 'profile' };
  assert.equal(await shop.testEnv.app.deadLetters.store(ofCustomer), 'stored');
  await shop.addRecords(replayed);
  dropFrom(shop, customer);
  assert.equal(await erase(shop, customer), 204);
  await untilErased(shop, customer);

  const [letter, ...letters] = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
  assert.deepEqual([letter?.record?.id, letters.length], [replayed.id, 0], 'those about the customer are removed');
  assert.ok(letter);
  assert.deepEqual(await shop.testEnv.app.replay.one(letter), { outcome: 'skipped', reason: 'customer erased' });

  assert.equal(await shop.sendMessage('OrderCreated', late.ref, { order: late.record }), 204);
  assert.deepEqual(shop.reasons(late), ['customer erased']);
  await shop.addRecords(inSync, other);
  const run = await shop.sync('orders', [inSync, other]);
  assert.deepEqual([run.counts.delivered, run.counts.skipped], [1, 1]);
  assert.deepEqual(Object.keys(run.counts.reasons), ['customer erased']);
  for (const { id } of [late, inSync, replayed]) assert.deepEqual(await shop.events({ unique_id: id }), []);
  assert.equal((await shop.events({ unique_id: other.id })).length, 1);
  assert.equal(await hasProfile(shop, customer), false);
});

test('it is retried until Klaviyo accepts it', async () => {
  await using shop = await startOrderShop({ settings: { ...request, klaviyo: { retries: 0 } } });
  const customer = newCustomer();
  await synced(shop, customer);
  dropFrom(shop, customer);
  const path = '/api/data-privacy-deletion-jobs';
  shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, path, times: 1 });
  assert.equal(await erase(shop, customer), 503);
  assert.equal(await erase(shop, customer), 204);
  await untilErased(shop, customer);
});

test('a profile whose e-mail another customer has is kept, with a warning', async () => {
  await using shop = await startOrderShop({ settings: request });
  const customer = newCustomer();
  await synced(shop, customer);
  await shop.addRecords(newCustomer({ email: customer.email.toUpperCase(), stores: [{ typeId: 'store', key: 's' }] }));
  dropFrom(shop, customer);
  assert.equal(await erase(shop, customer), 204);
  assert.match(shop.warnings(customer).join(), /was not erased: another customer has its e-mail/);
  assert.deepEqual([await deletions(shop), await hasProfile(shop, customer)], [{}, true]);
});

test('while commercetools does not tell who else has the e-mail, nothing is erased', async () => {
  await using shop = await startOrderShop({ settings: { ...request, commercetools: { retries: 0 } } });
  const customer = newCustomer();
  await synced(shop, customer);
  dropFrom(shop, customer);
  shop.testEnv.shop.faults.add({ kind: 'status', status: 503, path: '^/[^/]+/customers$', method: 'GET' });
  assert.equal(await erase(shop, customer), 503);
  assert.equal(await hasProfile(shop, customer), true);
  shop.testEnv.shop.faults.clear();
  assert.equal(await erase(shop, customer), 204);
  await untilErased(shop, customer);
});

test('a replay of its dead letter while Klaviyo is away keeps the letter, and a later one erases the profile', async () => {
  await using shop = await startOrderShop({ settings: { ...request, klaviyo: { retries: 0 } } });
  const customer = newCustomer();
  await synced(shop, customer);
  dropFrom(shop, customer);
  const path = '/api/data-privacy-deletion-jobs';
  const { faults } = shop.testEnv.klaviyo;
  const error = { id: '1', status: 400, code: 'odd', title: 'odd', detail: 'odd', source: {} };
  const headers = { 'content-type': 'application/vnd.api+json' };
  faults.add({ kind: 'status', status: 400, body: { errors: [error] }, headers, path });
  assert.equal(await erase(shop, customer), 202);
  faults.clear();
  const { deadLetters, replay } = shop.testEnv.app;
  const [letter] = await Array.fromAsync(deadLetters.list());
  assert.ok(letter);
  assert.equal(letter.rule, 'erase-profile');

  faults.add({ kind: 'status', status: 503, body: 'down', path });
  assert.equal((await replay.one(letter)).outcome, 'unavailable');
  assert.equal((await deadLetters.get(letter.id))?.count, 1);
  faults.clear();
  assert.deepEqual(await replay.one(letter), { outcome: 'delivered' });
  await untilErased(shop, customer);
  assert.deepEqual(await Array.fromAsync(deadLetters.list()), []);
});
