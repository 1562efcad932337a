/** `ctk sync`: a bulk sync from a terminal, or from a script without one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDailyCounts } from '../../src/dashboard/daily-counts.ts';
import { newProduct } from '../mapping/catalog-fixture.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { assertPresentable, start } from './ctk.ts';
import { ctkInProcess as ctk } from './in-process.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

test('without a terminal: a line at the start and at the end, the reasons of what was skipped, exit code 0', async () => {
  const [good, nobody] = [newOrder(), newOrder({ customerEmail: undefined, customerId: undefined })];
  await shop.addRecords(good, nobody);
  const { code, out, err } = await ctk(['sync', 'orders'], shop.testEnv.env);
  assert.deepEqual([code, err], [0, '']);
  const lines = out.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^orders: (queued|running), 0 of 2 read/);
  assert.deepEqual(lines.slice(-2), [
    'orders: completed, 2 of 2 read, 1 delivered, 0 pending, 1 skipped, 0 rejected',
    '  1 × the order has neither e-mail nor customer id',
  ]);
  assert.equal((await shop.event('Placed Order', good.id)).wouldTriggerFlows, false);
});

test('what it delivered is counted for the day, for the dashboard of the service', async () => {
  async function counted(): Promise<number> {
    const { series } = await createDailyCounts({ store: shop.testEnv.app.runStore, now: () => new Date() }).read();
    const bulk = series.find(({ name }) => name === 'Placed Order')?.bulk ?? [];
    return bulk.reduce((sum, ofDay) => sum + ofDay, 0);
  }
  const before = await counted();
  const order = newOrder();
  await shop.addRecords(order);
  assert.equal((await ctk(['sync', 'orders', '--ids', order.id], shop.testEnv.env)).code, 0);
  assert.equal(await counted(), before + 1);
});

test('--ids: only these; --no-backfill: their events trigger flows', async () => {
  const [one, other] = [newOrder(), newOrder()];
  await shop.addRecords(one, other);
  const { code, out } = await ctk(['sync', 'orders', '--ids', ` ${one.id},`, '--no-backfill', '-y'], shop.testEnv.env);
  assert.equal(code, 0);
  assert.match(out, /orders: completed, 1 of 1 read, 1 delivered/);
  assert.equal((await shop.event('Placed Order', one.id)).wouldTriggerFlows, true);
  assert.deepEqual(await shop.events({ unique_id: other.id }), []);
});

test('--no-backfill without a terminal and without --yes: refused with the number of events, nothing is sent', async () => {
  const order = newOrder();
  await shop.addRecords(order);
  const { code, out, err } = await ctk(['sync', 'orders', '--ids', order.id, '--no-backfill'], shop.testEnv.env);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /this sync of orders sends up to 2 events that can trigger flows \(1 record\)\n.*pass --yes/);
  assert.deepEqual(await shop.events({ unique_id: order.id }), []);
});

test('--start-id: orders from this id on', async () => {
  const last = newOrder({ id: 'ffffffff-ffff-4fff-8fff-ffffffffffff' });
  await shop.addRecords(last);
  const { code, out } = await ctk(['sync', 'orders', '--start-id', last.id], shop.testEnv.env);
  assert.equal(code, 0);
  assert.match(out, /orders: completed, 1 read, 1 delivered/);
});

for (const [args, said] of [
  [['customers', '--start-id', 'a'], /--start-id: only orders can be synced from an id on/],
  [['orders', '--ids', ' , '], /--ids is empty; leave it out to sync everything/],
  [['customers', '--delete-all', '--confirm', 'customers'], /only categories and products can be deleted/],
  [['products', '--delete-all'], /--confirm: must be "products": it deletes all products/],
  [['products', '--delete-all', '--confirm', 'categories'], /--confirm: must be "products"/],
] as const) {
  test(`sync ${args.join(' ')}: rejected with the fix, exit code 1, nothing is changed`, async () => {
    const before = shop.testEnv.klaviyo.state().requests;
    const { code, out, err } = await ctk(['sync', ...args], shop.testEnv.env);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, said);
    assert.equal(shop.testEnv.klaviyo.state().requests, before);
  });
}

test('--delete-all --confirm products: all of them go', async () => {
  const made = newProduct();
  await shop.testEnv.addRecords('product', made.record);
  await shop.testEnv.sync('products', { ids: [made.id] });
  assert.notEqual((await shop.testEnv.items()).length, 0);
  const { code, out } = await ctk(['sync', 'products', '--delete-all', '--confirm', 'products'], shop.testEnv.env);
  assert.equal(code, 0);
  assert.match(out, /products: completed/);
  assert.deepEqual(await shop.testEnv.items(), []);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} (Ctrl-C) stops it cleanly: what was read is settled, the last line says so, exit code 1`, async () => {
    await using own = await startOrderShop({ settings: { commercetools: { pageSize: 2 } } });
    const [first, ...customers] = Array.from({ length: 40 }, () => newCustomer());
    assert.ok(first);
    await own.addRecords(first, ...customers);
    await own.injectFault({ kind: 'delay', ms: 200, path: '^/[^/]+/customers' });
    const running = start(['sync', 'customers'], own.testEnv.env);
    await running.printed(/customers: running/);
    running.signal(signal);
    const ended = await running.ended;
    assertPresentable(ended);
    assert.equal(ended.code, 1);
    const last = /customers: stopped, (\d+) of 40 read, (\d+) delivered, 0 pending, 0 skipped, 0 rejected/.exec(
      ended.out,
    );
    assert.ok(last, ended.out);
    assert.equal(last[1], last[2]);
    assert.ok((await own.profiles()).length < 40);
  });
}

test('commercetools unavailable: the sync waits with the reason until it is stopped', async () => {
  await using own = await startOrderShop({ settings: { commercetools: { retries: 0 } } });
  await own.injectFault({ kind: 'status', status: 503, path: '^/[^/]+/orders' });
  const running = start(['sync', 'orders'], own.testEnv.env);
  await running.printed(/orders: paused, .*\(commercetools answered 503/);
  running.signal('SIGINT');
  assert.equal((await running.ended).code, 1);
});
