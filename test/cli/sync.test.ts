/** `ctk sync`: a bulk sync from a terminal, or from a script without one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newProduct } from '../mapping/catalog-fixture.ts';
import { newCustomer, newOrder, type Rows, startRows } from '../mapping/order-fixture.ts';
import { assertPresentable, ctk, start } from './ctk.ts';

let rows: Rows;
before(async () => {
  rows = await startRows();
});
after(() => rows.stop());

test('without a terminal: a line at the start and at the end, the reasons of what was skipped, exit code 0', async () => {
  const [good, nobody] = [newOrder(), newOrder({ customerEmail: undefined, customerId: undefined })];
  await rows.place(good, nobody);
  const { code, out, err } = await ctk(['sync', 'orders'], rows.world.env);
  assert.deepEqual([code, err], [0, '']);
  const lines = out.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^orders: (queued|running), 0 of 2 read/);
  assert.deepEqual(lines.slice(-2), [
    'orders: completed, 2 of 2 read, 1 delivered, 1 skipped, 0 rejected',
    '  1 × the order has neither e-mail nor customer id',
  ]);
  assert.equal((await rows.event('Placed Order', good.id)).wouldTriggerFlows, false);
});

test('--ids: only these; --no-backfill: their events wake flows', async () => {
  const [one, other] = [newOrder(), newOrder()];
  await rows.place(one, other);
  const { code, out } = await ctk(['sync', 'orders', '--ids', ` ${one.id},`, '--no-backfill'], rows.world.env);
  assert.equal(code, 0);
  assert.match(out, /orders: completed, 1 of 1 read, 1 delivered/);
  assert.equal((await rows.event('Placed Order', one.id)).wouldTriggerFlows, true);
  assert.deepEqual(await rows.events({ unique_id: other.id }), []);
});

test('--start-id: orders from this id on', async () => {
  const last = newOrder({ id: 'ffffffff-ffff-4fff-8fff-ffffffffffff' });
  await rows.place(last);
  const { code, out } = await ctk(['sync', 'orders', '--start-id', last.id], rows.world.env);
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
  test(`sync ${args.join(' ')}: refused with the way out, exit code 1, nothing is touched`, async () => {
    const before = rows.world.klaviyo.state().requests;
    const { code, out, err } = await ctk(['sync', ...args], rows.world.env);
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, said);
    assert.equal(rows.world.klaviyo.state().requests, before);
  });
}

test('--delete-all --confirm products: all of them go', async () => {
  const made = newProduct();
  await rows.world.place('product', made.record);
  await rows.world.sync('products', { ids: [made.id] });
  assert.notEqual((await rows.world.items()).length, 0);
  const { code, out } = await ctk(['sync', 'products', '--delete-all', '--confirm', 'products'], rows.world.env);
  assert.equal(code, 0);
  assert.match(out, /products: completed/);
  assert.deepEqual(await rows.world.items(), []);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} (Ctrl-C) stops it cleanly: what was read is settled, the last line says so, exit code 1`, async () => {
    await using own = await startRows({ settings: { commercetools: { pageSize: 2 } } });
    const [first, ...customers] = Array.from({ length: 40 }, () => newCustomer());
    assert.ok(first);
    await own.place(first, ...customers);
    await own.disturbShop({ kind: 'delay', ms: 200, path: '^/[^/]+/customers' });
    const running = start(['sync', 'customers'], own.world.env);
    await running.printed(/customers: running/);
    running.signal(signal);
    const ended = await running.ended;
    assertPresentable(ended);
    assert.equal(ended.code, 1);
    const last = /customers: stopped, (\d+) of 40 read, (\d+) delivered, 0 skipped, 0 rejected/.exec(ended.out);
    assert.ok(last, ended.out);
    assert.equal(last[1], last[2]);
    assert.ok((await own.profiles()).length < 40);
  });
}

test('commercetools away: it waits and says for what, until somebody stops it', async () => {
  await using own = await startRows({ settings: { commercetools: { retries: 0 } } });
  await own.disturbShop({ kind: 'status', status: 503, path: '^/[^/]+/orders' });
  const running = start(['sync', 'orders'], own.world.env);
  await running.printed(/orders: paused, .*\(commercetools answered 503/);
  running.signal('SIGINT');
  assert.equal((await running.ended).code, 1);
});
