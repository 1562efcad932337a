/** Tests the counts per day: by metric and lane, added to those of other replicas, bounded, and kept for 14 days. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { createMemoryStore } from '../store/memory.ts';
import { type Store, StoreError } from '../store/store.ts';
import type { AppEvent, ChangeCount } from '../telemetry/app-events.ts';
import { createDailyCounts, keptDays } from './daily-counts.ts';

const dayMs = 86_400_000;
let time = 0;
let store: Store;
beforeEach(() => {
  time = Date.parse('2026-03-15T08:00:00Z');
  store = createMemoryStore();
});
const now = () => new Date(time);

function accepted(change: Partial<ChangeCount>, lane: 'realtime' | 'bulk' = 'realtime'): AppEvent {
  const counted = { rule: 'placed-order', outcome: 'delivered', count: 1, kind: 'event', ...change } as const;
  return { type: 'changes', lane, changes: [counted] };
}
const order = { metric: 'Placed Order', value: 20, currency: 'EUR' };

test('events count by metric, lane and currency, other changes by kind', async () => {
  const counts = createDailyCounts({ store, now });
  counts.record(accepted({ ...order, count: 2, value: 30 }));
  counts.record(accepted({ ...order, currency: 'CHF' }, 'bulk'));
  counts.record(accepted({ kind: 'profile' }));
  counts.record(accepted({ ...order, outcome: 'rejected' }));
  const { days, series } = await counts.read();
  assert.deepEqual([days.length, days.at(-1)], [keptDays, '2026-03-15']);
  const [placed, profiles] = series;
  assert.deepEqual([placed?.name, placed?.realtime.at(-1), placed?.bulk.at(-1)], ['Placed Order', 2, 1]);
  assert.deepEqual([placed?.values.EUR?.at(-1), placed?.values.CHF?.at(-1)], [30, 20]);
  assert.equal(placed?.lastAt, now().toISOString());
  assert.deepEqual([profiles?.name, profiles?.isMetric, profiles?.realtime.at(-1)], ['profile', false, 1]);
});

test('counts of several replicas add up, and outlive the process', async () => {
  const [first, second] = [createDailyCounts({ store, now }), createDailyCounts({ store, now })];
  first.record(accepted(order));
  second.record(accepted(order));
  await Promise.all([first.flush(), second.flush()]);
  const { series } = await createDailyCounts({ store, now }).read();
  assert.deepEqual([series[0]?.realtime.at(-1), series[0]?.values.EUR?.at(-1)], [2, 40]);
});

test('counts stay visible while they are stored and afterwards', async () => {
  const counts = createDailyCounts({ store, now });
  const today = async () => (await counts.read()).series[0]?.realtime.at(-1);
  counts.record(accepted(order));
  assert.equal(await today(), 1);
  const flushed = counts.flush();
  assert.equal(await today(), 1);
  await flushed;
  assert.equal(await today(), 1);
});

test('days move out of the range and out of the store', async () => {
  const counts = createDailyCounts({ store, now });
  counts.record(accepted(order));
  await counts.flush();
  time += dayMs * (keptDays - 1);
  const later = createDailyCounts({ store, now });
  assert.equal((await later.read()).series[0]?.realtime[0], 1);
  time += dayMs;
  counts.record(accepted({ kind: 'profile' }));
  await counts.flush();
  const keys = (await Array.fromAsync(store.list('ctk-daily-counts'))).map(({ key }) => key);
  assert.deepEqual(keys, ['2026-03-29']);
});

test('a store that is away loses no count, and reading fails', async () => {
  let isAway = true;
  const away = () => Promise.reject(new StoreError('unavailable', 'the store is away'));
  const flaky: Store = { ...store, get: (at) => (isAway ? away() : store.get(at)) };
  const counts = createDailyCounts({ store: flaky, now });
  counts.record(accepted(order));
  await counts.flush();
  isAway = false;
  counts.record(accepted(order));
  await counts.flush();
  assert.equal((await createDailyCounts({ store, now }).read()).series[0]?.realtime.at(-1), 2);
});

test('names are limited', async () => {
  const counts = createDailyCounts({ store, now });
  for (let index = 0; index < 200; index += 1) counts.record(accepted({ metric: `Metric ${index}` }));
  assert.equal((await counts.read()).series.length, 50);
  await counts.flush();
});
