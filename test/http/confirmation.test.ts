/** Syncs whose events can trigger flows: nothing is started before somebody has confirmed it, with the number of events. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { post } from './call.ts';

const refusal = z.object({
  error: z.string(),
  code: z.string(),
  events: z.number(),
  records: z.number(),
  isExact: z.boolean(),
});

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop({ settings: { commercetools: { largePageSize: 2 } } });
  const [first, ...orders] = Array.from({ length: 5 }, () => newOrder());
  assert.ok(first);
  await shop.addRecords(first, ...orders);
});
after(() => shop.stop());

test('{backfill: false} is answered 409 with the number of events, until it is confirmed; nothing was sent before', async () => {
  const { status, json } = await post(shop.testEnv.service, '/sync/orders', { backfill: false });
  assert.equal(status, 409);
  const { error, ...counted } = refusal.parse(json);
  // Each order is a Placed Order and an Ordered Product.
  assert.deepEqual(counted, { code: 'confirmation-required', events: 10, records: 5, isExact: true });
  assert.match(error, /sends up to 10 events that can trigger flows \(5 records\); repeat .*"confirm": "flows"/);
  assert.deepEqual(await shop.events({}), []);
  assert.deepEqual(await shop.testEnv.app.runs.list(), []);
  const run = await shop.testEnv.sync('orders', { backfill: false, confirm: 'flows' });
  assert.deepEqual([run.state, run.counts.delivered], ['completed', 5]);
  assert.ok((await shop.events({})).every(({ wouldTriggerFlows }) => wouldTriggerFlows));
});

test('only the records that the sync reads are counted', async () => {
  const order = newOrder();
  await shop.addRecords(order);
  for (const [request, records] of [
    [{ ids: [order.id] }, 1],
    [{ startId: 'ffffffff-ffff-4fff-8fff-ffffffffffff' }, undefined],
    [{ since: '2026-01-01' }, 6],
  ] as const) {
    const { json, status } = await post(shop.testEnv.service, '/sync/orders', { ...request, backfill: false });
    // Nothing to read: it starts without a question.
    if (records === undefined) assert.equal(status, 202);
    else assert.equal(refusal.parse(json).records, records);
    await shop.testEnv.app.settled();
  }
});

test('of many records the number is an estimate', async () => {
  await using own = await startOrderShop({ settings: { commercetools: { largePageSize: 250 } } });
  const [first, ...orders] = Array.from({ length: 510 }, () => newOrder());
  assert.ok(first);
  await own.addRecords(first, ...orders);
  const { json } = await post(own.testEnv.service, '/sync/orders', { backfill: false });
  const counted = refusal.parse(json);
  assert.deepEqual([counted.records, counted.events, counted.isExact], [510, 1_020, false]);
  assert.match(counted.error, /about 1,020 events/);
});

test('a sync that triggers no flows needs no confirmation, and another word confirms nothing', async () => {
  assert.equal((await post(shop.testEnv.service, '/sync/orders', {})).status, 202);
  await shop.testEnv.app.settled();
  await shop.addRecords(newCustomer());
  assert.equal((await post(shop.testEnv.service, '/sync/customers', {})).status, 202);
  const odd = await post(shop.testEnv.service, '/sync/orders', { backfill: false, confirm: 'orders' });
  assert.deepEqual([odd.status, odd.error], [400, 'confirm: must be "flows"']);
});
