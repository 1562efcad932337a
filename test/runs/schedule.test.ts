/** Syncs that start by themselves: one run for each tick, however many replicas wait for it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { parse } from 'yaml';
import { createService } from '../../src/app/service.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Store } from '../../src/store/store.ts';
import type { AppEvent } from '../../src/telemetry/app-events.ts';
import { ctk } from '../cli/ctk.ts';
import { environment } from '../fixtures/environment.ts';
import { newOrder, startOrderShop } from '../mapping/order-fixture.ts';
import { type Json, startTestEnv, type TestEnv } from '../test-env.ts';
import { addCustomers, inFlight, ownReplica, slowDown, startSlowTestEnv, storeOf, until } from './replicas.ts';

type Scheduled = Extract<AppEvent, { type: 'scheduled' }>;

const everySecond = '* * * * * *';
const env = (schedule: Json) => ({ NODE_CONFIG: JSON.stringify({ schedule }) });

/** The same store, asked later than others ask it. */
function late(store: Store): Store {
  return { ...store, get: async (at) => sleep(300).then(() => store.get(at)) };
}

/** A replica that syncs by itself, and what it tells. */
async function startScheduled(
  testEnv: TestEnv,
  schedule: Json,
  more: { store?: Store; env?: Record<string, string> } = {},
) {
  const config = readConfig({ ...testEnv.env, ...env(schedule), ...more.env });
  const app = createService(config, pino({ level: 'silent' }), { store: more.store ?? storeOf(testEnv) });
  const ticks: Scheduled[] = [];
  const warnings: string[] = [];
  app.events.listen((happened) => {
    if (happened.type === 'scheduled') ticks.push(happened);
    if (happened.type === 'warning') warnings.push(happened.detail);
  });
  await app.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= app.stop();
    return stopped;
  };
  return { ticks, warnings, stop, [Symbol.asyncDispose]: stop };
}

test('two replicas, one of them late: each tick is one run; when one replica ends the other one goes on', async () => {
  await using testEnv = await startTestEnv();
  const schedule = { categories: { cron: everySecond } };
  await using one = await startScheduled(testEnv, schedule);
  await using other = await startScheduled(testEnv, schedule, { store: late(storeOf(testEnv)) });
  await until(async () => (one.ticks.length + other.ticks.length >= 3 ? true : undefined));
  await one.stop();
  const before = other.ticks.length;
  await until(async () => (other.ticks.length >= before + 2 ? true : undefined));
  await other.stop();
  const ticks = [...one.ticks, ...other.ticks];
  assert.equal(new Set(ticks.map(({ at }) => at)).size, ticks.length);
  const { running, ended } = await ownReplica(testEnv).runs('categories');
  const queued = ticks.filter(({ outcome }) => outcome === 'queued').map(({ runId }) => runId);
  assert.deepEqual([...running, ...ended].map(({ id }) => id).toSorted(), queued.toSorted());
  assert.ok(ended.every(({ by, request }) => by === 'schedule' && request.since === undefined));
});

test('`since: last` syncs everything when no sync has completed yet, then what changed', async () => {
  await using testEnv = await startTestEnv();
  await addCustomers(testEnv, 3);
  await using replica = await startScheduled(testEnv, { customers: { cron: everySecond, since: 'last' } });
  const ended = await until(async () => {
    const { ended: all } = await ownReplica(testEnv).runs('customers');
    return all.length >= 2 ? all : undefined;
  });
  await replica.stop();
  const [first, second] = ended.toReversed();
  assert.deepEqual([first?.request.since, first?.counts.read], [undefined, 3]);
  assert.deepEqual([second?.request.since, second?.counts.read], [first?.checkpoint?.began, 0]);
});

test('a tick during a sync of its resource is skipped and logged with the id of that run', async () => {
  await using testEnv = await startSlowTestEnv();
  await addCustomers(testEnv, 60);
  await slowDown(testEnv, 'customers', 500);
  const own = ownReplica(testEnv);
  const { run } = await own.post('customers');
  await inFlight(own, run?.id);
  await using replica = await startScheduled(testEnv, { customers: { cron: everySecond } });
  const tick = await until(async () => replica.ticks[0]);
  assert.deepEqual([tick.outcome, tick.runId], ['skipped', run?.id]);
  await own.post('customers/stop');
});

test('a process that leaves runs to others, or serves realtime alone, starts none', async () => {
  await using testEnv = await startTestEnv();
  const schedule = { categories: { cron: everySecond } };
  await using elsewhere = await startScheduled(testEnv, schedule, { env: { RUN_WORKER: 'false' } });
  await using realtime = await startScheduled(testEnv, schedule, { env: { APP_TYPE: 'EVENT' } });
  await using working = await startScheduled(testEnv, { products: { cron: everySecond } });
  await until(async () => (working.ticks.length >= 2 ? true : undefined));
  assert.deepEqual([...elsewhere.ticks, ...realtime.ticks], []);
  const { running, ended } = await ownReplica(testEnv).runs('categories');
  assert.deepEqual([...running, ...ended], []);
});

test('a tick while the store is unavailable is logged, and run when the store is back', async () => {
  await using testEnv = await startTestEnv();
  const store = storeOf(testEnv);
  let isAway = true;
  const get: Store['get'] = async (at) => {
    if (isAway && at.container === 'ctk-schedule') throw new Error('away');
    return store.get(at);
  };
  // In a moment, and then not for a minute.
  const second = (new Date().getSeconds() + 2) % 60;
  const schedule = { orders: { cron: `${second} * * * * *` } };
  await using replica = await startScheduled(testEnv, schedule, { store: { ...store, get } });
  const said = /the sync of orders that was due at (\S+) can't be queued now: away/;
  const due = await until(async () => said.exec(replica.warnings.join())?.[1]);
  isAway = false;
  const tick = await until(async () => replica.ticks[0]);
  assert.deepEqual([tick.at, tick.outcome], [due, 'queued']);
});

test('a sync that must not start is a warning at each tick, and starts at the first one at which it may', async () => {
  await using testEnv = await startTestEnv();
  const store = storeOf(testEnv);
  const lease = { container: 'ctk-work', key: 'sync-categories' };
  await store.put(lease, { shape: 'of a newer version' });
  await using replica = await startScheduled(testEnv, { categories: { cron: everySecond, since: 'last' } });
  const said = /the sync of categories that was due at (\S+) was not started: the lease \S+ has an unknown shape/;
  const refusals = () => replica.warnings.flatMap((warning) => said.exec(warning)?.[1] ?? []);
  await until(async () => (refusals().length >= 2 ? true : undefined));
  await store.remove(lease);
  const tick = await until(async () => replica.ticks.find(({ outcome }) => outcome === 'queued'));
  await replica.stop();
  assert.equal(new Set(refusals()).size, refusals().length, 'one warning for each tick');
  assert.ok(refusals().every((at) => at < tick.at));
});

test('ctk config shows the next times, in the time zone of the schedule', async () => {
  const schedule = { timeZone: 'Asia/Tokyo', orders: { cron: '30 3 * * *', since: 'last' } };
  const { code, out } = await ctk(['config'], environment(env(schedule)));
  assert.equal(code, 0);
  const { nextSyncs } = JSON.parse(out);
  assert.deepEqual(Object.keys(nextSyncs), ['orders']);
  assert.deepEqual(
    nextSyncs.orders.map((time: string) => time.slice(10)),
    Array(3).fill('T18:30:00.000Z'),
  );
});

test('the schedule that docs/setup.md shows is one', async () => {
  const page = readFileSync(new URL('../../docs/setup.md', import.meta.url), 'utf8');
  const shown: unknown = parse(/^```yaml\n(.+?)^```/ms.exec(page)?.[1] ?? '');
  const { code, out } = await ctk(['config'], environment({ NODE_CONFIG: JSON.stringify(shown) }));
  assert.equal(code, 0);
  assert.deepEqual(Object.keys(JSON.parse(out).nextSyncs).toSorted(), ['customers', 'orders', 'products']);
});

for (const [schedule, said] of [
  [{ orders: { cron: 'every night' } }, /schedule\.orders\.cron must be a cron expression .*0 3 \* \* \*/],
  [{ orders: { cron: '0 0 30 2 *' } }, /schedule\.orders\.cron must be a cron expression that recurs/],
  [{ orders: { since: 'last' } }, /schedule\.orders\.cron must be a text/],
  [{ orders: { cron: '0 3 * * *', since: '2026-03-01' } }, /schedule\.orders\.since must be one of last/],
  [{ timeZone: 'Berlin' }, /schedule\.timeZone must be a time zone such as Europe\/Berlin/],
] as const) {
  test(`${JSON.stringify(schedule)} is rejected with the expected format`, async () => {
    const { code, err } = await ctk(['config'], environment(env(schedule)));
    assert.equal(code, 1);
    assert.match(err, said);
  });
}

test('a schedule whose events trigger flows has to confirm it', async () => {
  const schedule = { orders: { cron: everySecond, backfill: false } };
  const reason = 'must be "flows", because with backfill: false each sync triggers flows';
  assert.throws(() => readConfig(environment(env(schedule))), {
    problems: [`NODE_CONFIG: schedule.orders.confirm ${reason}`],
  });
  await using shop = await startOrderShop();
  const order = newOrder();
  await shop.addRecords(order);
  await using replica = await startScheduled(shop.testEnv, { orders: { ...schedule.orders, confirm: 'flows' } });
  const event = await until(async () => (await shop.events({ metric: 'Placed Order' }))[0]);
  await replica.stop();
  assert.deepEqual([event.wouldTriggerFlows, event.unique_id], [true, order.id]);
});

test('the first sync of a schedule that triggers flows records the history without flows, the following ones trigger them', async () => {
  await using shop = await startOrderShop();
  const old = newOrder();
  await shop.addRecords(old);
  const plan = { cron: everySecond, since: 'last', backfill: false, confirm: 'flows' };
  await using replica = await startScheduled(shop.testEnv, { orders: plan });
  const placed = async (id: unknown) =>
    (await shop.events({ metric: 'Placed Order' })).find(({ unique_id }) => unique_id === id);
  assert.equal((await until(() => placed(old.id))).wouldTriggerFlows, false);
  const recent = newOrder({ lastModifiedAt: new Date().toISOString() });
  await shop.addRecords(recent);
  assert.equal((await until(() => placed(recent.id))).wouldTriggerFlows, true);
  await replica.stop();
  const told = replica.warnings.filter((warning) => warning.includes('no sync of orders has completed yet'));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /events .*without triggering flows/);
});
