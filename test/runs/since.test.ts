/** A sync of what changed since a time: what it reads, what `last` means, how it is stopped and gone on with. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Run } from '../../src/engine/runs/run.ts';
import { ctk } from '../cli/ctk.ts';
import { customer, id, type Json, order, product } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import {
  ended,
  inFlight,
  ownReplica,
  type Replica,
  slowDown,
  startReplica,
  startSlowTestEnv,
  storeOf,
} from './replicas.ts';

const minuteMs = 60_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

let made = 0;
/** A customer nobody has seen before, changed at that time. */
function changedAt(lastModifiedAt: string): Json {
  made += 1;
  return customer({ id: id(`d${made.toString(16)}`), email: `d${made}@example.com`, addresses: [], lastModifiedAt });
}

async function synced(replica: Replica, resource: string, body?: Json): Promise<Run> {
  const { status, run, error } = await replica.post(resource, body);
  assert.equal(status, 202, error);
  return ended(replica, run?.id);
}

const began = ({ checkpoint }: Run) => checkpoint?.began;
const emails = async (testEnv: TestEnv) => (await testEnv.profiles()).map(({ email }) => email).toSorted();

for (const [resource, typeId, record] of [
  ['customers', 'customer', customer],
  ['orders', 'order', order],
  ['products', 'product', product],
] as const) {
  test(`${resource} since a time: those that changed from five minutes before it on, and no others`, async () => {
    await using testEnv = await startTestEnv();
    const since = ago(10 * minuteMs);
    const changed = [9, 14, 16].map((minutes, n) =>
      record({ id: id(`e${n}`), lastModifiedAt: ago(minutes * minuteMs) }),
    );
    await testEnv.addRecords(typeId, ...changed);
    const run = await testEnv.sync(resource, { since });
    assert.deepEqual([run.state, run.counts.read, run.counts.caughtUp], ['completed', 2, 0]);
    assert.equal(run.request.since, since);
  });
}

test('many changes of one moment are read page by page, each once', async () => {
  await using testEnv = await startSlowTestEnv();
  const moment = ago(minuteMs);
  await testEnv.addRecords('customer', ...Array.from({ length: 13 }, () => changedAt(moment)));
  const run = await testEnv.sync('customers', { since: ago(2 * minuteMs) });
  assert.deepEqual([run.counts.read, run.counts.delivered], [13, 13]);
  assert.equal((await testEnv.profiles()).length, 13);
});

test('a time may have an offset, and a date stands for its midnight in UTC', async () => {
  await using testEnv = await startTestEnv();
  const offset = await testEnv.sync('customers', { since: '2026-03-01T06:00:00+02:00' });
  assert.equal(offset.request.since, '2026-03-01T04:00:00.000Z');
  const date = await testEnv.sync('customers', { since: '2026-03-01' });
  assert.equal(date.request.since, '2026-03-01T00:00:00.000Z');
});

test('a stopped one is gone on with where it was stopped, by any replica', async () => {
  await using testEnv = await startSlowTestEnv();
  await testEnv.addRecords('customer', ...Array.from({ length: 60 }, (_, n) => changedAt(ago(5 * minuteMs - n))));
  const quicken = await slowDown(testEnv, 'customers', 150);
  const [one, other] = [ownReplica(testEnv), await startReplica(testEnv)];
  const { run } = await one.post('customers', { since: ago(10 * minuteMs) });
  await inFlight(one, run?.id, 11);
  await one.post('customers/stop');
  const stopped = await ended(one, run?.id);
  assert.ok(stopped.counts.delivered > 0 && stopped.counts.delivered < 60);
  await quicken();
  const before = testEnv.klaviyo.state().requests;
  const whole = await synced(other, 'customers', { resume: true });
  assert.deepEqual([whole.state, whole.counts.read, whole.counts.delivered], ['completed', 60, 60]);
  assert.deepEqual([whole.request.since, began(whole)], [stopped.request.since, began(stopped)]);
  assert.ok(testEnv.klaviyo.state().requests - before < 60);
  await other.app.stop();
});

test('what a dead process held is taken over from where it was', async () => {
  await using testEnv = await startSlowTestEnv({ env: { RUN_WORKER: 'false' } });
  const [passed, next] = [changedAt(ago(3 * minuteMs)), changedAt(ago(2 * minuteMs))];
  await testEnv.addRecords('customer', passed, next);
  const { run } = await ownReplica(testEnv).post('customers', { since: ago(10 * minuteMs) });
  const store = storeOf(testEnv);
  const now = new Date().toISOString();
  const counts = { read: 1, delivered: 1, skipped: 0, rejected: 0, changes: 1, caughtUp: 0, reasons: {} };
  const at = z.object({ lastModifiedAt: z.string(), id: z.string() }).parse(passed);
  const checkpoint = { began: now, ranges: [], pass: { since: ago(11 * minuteMs), until: now, at }, counts };
  const record = { ...run, state: 'running', holder: 'dead', counts };
  await store.put({ container: 'ctk-runs', key: run?.id ?? '' }, { run: record, point: { checkpoint, counts } });
  const other = await startReplica(testEnv, { RUN_WORKER: 'true' });
  const whole = await ended(other, run?.id);
  assert.deepEqual([whole.state, whole.counts.read], ['completed', 2]);
  assert.deepEqual(await emails(testEnv), [next.email]);
  await other.app.stop();
});

describe('`last`', () => {
  test('is when the last complete sync began, of all or since a time, wherever it ran', async () => {
    await using testEnv = await startTestEnv();
    const other = await startReplica(testEnv);
    await testEnv.addRecords('customer', changedAt(ago(60 * minuteMs)));
    const first = await testEnv.sync('customers');
    await testEnv.addRecords('customer', changedAt(new Date().toISOString()));
    const second = await synced(other, 'customers', { since: 'last' });
    assert.deepEqual([second.counts.read, second.request.since], [1, began(first)]);
    const third = await testEnv.sync('customers', { since: 'last' });
    assert.equal(third.request.since, began(second));
    await other.app.stop();
  });

  test('stays where it is after a sync that began later: what changed in between is found by the next one', async () => {
    await using testEnv = await startTestEnv();
    const whole = await testEnv.sync('customers');
    const between = changedAt(new Date().toISOString());
    await testEnv.addRecords('customer', between);
    // A time after the last sync; a clock's tick lies in between.
    await new Promise((resolve) => setTimeout(resolve, 5));
    await testEnv.sync('customers', { since: new Date().toISOString() });
    const next = await testEnv.sync('customers', { since: 'last' });
    assert.equal(next.request.since, began(whole));
    assert.deepEqual(await emails(testEnv), [between.email]);
  });

  test('is of the resource, and not of a sync that was of a part, was stopped, or deleted', async () => {
    await using testEnv = await startSlowTestEnv();
    const own = ownReplica(testEnv);
    await testEnv.addRecords(
      'product',
      ...Array.from({ length: 60 }, (_, n) => product({ id: id(`f${n.toString(16)}`) })),
    );
    await testEnv.sync('customers');
    await testEnv.sync('products', { ids: [id('f1')] });
    const deletion = { deleteAll: true, confirmDeletion: 'products' };
    await testEnv.sync('products', deletion);
    const clear = await slowDown(testEnv, 'products', 150);
    const { run } = await own.post('products');
    await inFlight(own, run?.id);
    await own.post('products/stop');
    assert.equal((await ended(own, run?.id)).state, 'stopped');
    await clear();
    const refused = await own.post('products', { since: 'last' });
    assert.equal(refused.status, 400);
    assert.match(refused.error ?? '', /^since: no sync of products has completed yet/);
  });

  test('is remembered when many runs came after it', async () => {
    await using testEnv = await startSlowTestEnv({ settings: { runs: { maxEnded: 2, leaseSeconds: 1 } } });
    const whole = await testEnv.sync('categories');
    for (let n = 0; n < 4; n += 1) await testEnv.sync('categories', { ids: [id('a')] });
    // It forgets what is too much when it starts.
    const fresh = await startReplica(testEnv);
    for (let left = 500; left > 0 && (await fresh.runs('categories')).ended.length > 3; left -= 1) await sleep(20);
    assert.equal((await fresh.runs('categories')).ended.length, 3);
    assert.equal((await synced(fresh, 'categories', { since: 'last' })).request.since, began(whole));
    await fresh.app.stop();
  });
});

describe('invalid combinations are rejected with the fix', () => {
  let testEnv: TestEnv;
  before(async () => {
    testEnv = await startTestEnv();
  });
  after(() => testEnv.stop());

  const tomorrow = new Date(Date.now() + 24 * 60 * minuteMs).toISOString();
  const wrong: [resource: string, body: Json, said: RegExp][] = [
    [
      'customers',
      { since: 'yesterday' },
      /^since: must be a time such as 2026-03-01T06:00:00Z or 2026-03-01, or "last"/,
    ],
    ['customers', { since: '' }, /^since: must be a time/],
    ['customers', { since: '2026-03-01T06:00:00' }, /^since: must be a time/],
    ['customers', { since: 5 }, /since/],
    ['customers', { since: tomorrow }, /^since: lies in the future/],
    ['customers', { since: 'last' }, /^since: no sync of customers has completed yet, .*give a time/],
    ['customers', { since: '2026-03-01', ids: ['a'] }, /^since and ids: give one of them/],
    ['orders', { since: '2026-03-01', startId: 'a' }, /^since and startId: give one of them/],
    [
      'products',
      { since: '2026-03-01', deleteAll: true, confirmDeletion: 'products' },
      /^since and deleteAll: give one/,
    ],
    [
      'orders',
      { since: '2026-03-01', resume: true },
      /^resume: continues the stopped sync with its options; give no other options/,
    ],
  ];
  for (const [resource, body, said] of wrong) {
    test(`POST /sync/${resource} ${JSON.stringify(body)}`, async () => {
      const { status, error } = await ownReplica(testEnv).post(resource, body);
      assert.equal(status, 400);
      assert.match(error ?? '', said);
    });
  }

  const typed: [args: string[], said: RegExp][] = [
    [['customers', '--since', 'yesterday'], /since: must be a time/],
    [['customers', '--since', tomorrow], /since: lies in the future/],
    [['customers', '--since', 'last'], /since: no sync of customers has completed yet/],
    [['customers', '--since', '2026-03-01', '--ids', 'a'], /since and ids: give one of them/],
    [['orders', '--since', '2026-03-01', '--start-id', 'a'], /since and startId: give one of them/],
    [
      ['products', '--since', '2026-03-01', '--delete-all', '--confirm', 'products'],
      /since and deleteAll: give one of them/,
    ],
    [['orders', '--since', '2026-03-01', '--resume'], /--resume: continues the stopped sync/],
  ];
  for (const [args, said] of typed) {
    test(`ctk sync ${args.join(' ')}`, async () => {
      const { code, out, err } = await ctk(['sync', ...args], testEnv.env);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, said);
    });
  }
});

test('ctk sync --since last continues from a sync of the service; its events do not trigger flows', async () => {
  await using testEnv = await startTestEnv();
  await testEnv.sync('orders');
  await testEnv.addRecords('order', order({ lastModifiedAt: new Date().toISOString() }));
  const { code, out } = await ctk(['sync', 'orders', '--since', 'last'], testEnv.env);
  assert.equal(code, 0);
  assert.match(out, /orders: completed, 1 read, 1 delivered/);
  const [placed] = await testEnv.events({ metric: 'Placed Order' });
  assert.equal(placed?.wouldTriggerFlows, false);
  assert.equal(
    (await ctk(['sync', 'orders', '--since', 'last', '--no-backfill', '--yes', '--force'], testEnv.env)).code,
    0,
  );
});
