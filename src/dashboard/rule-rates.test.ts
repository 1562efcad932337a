import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppEvent, ChangeCount } from '../telemetry/app-events.ts';
import { createRates, slotSeconds } from './rule-rates.ts';

let time = Date.parse('2026-03-15T08:00:00Z');
const now = () => new Date(time);
const pass = (seconds: number) => {
  time += seconds * 1_000;
};
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function sent(rule: string, outcome: ChangeCount['outcome'], count = 1): AppEvent {
  return { type: 'changes', lane: 'realtime', changes: [{ rule, outcome, count }] };
}

test('each rule shows its own changes, by what became of them', () => {
  const rates = createRates([{ name: 'placed-order' }, { name: 'profile' }], now);
  rates.record(sent('placed-order', 'delivered', 2));
  for (const outcome of ['rejected', 'rejected-later', 'failed', 'unavailable', 'skipped'] as const)
    rates.record(sent('placed-order', outcome));
  const { totals, lastAt, delivered, rejected } = rates.of('placed-order');
  assert.deepEqual(totals, { delivered: 2, rejected: 3, retried: 1 });
  assert.equal(lastAt, now().toISOString());
  assert.deepEqual([delivered.at(-1), rejected.at(-1)], [2, 3]);
  assert.deepEqual([rates.of('profile').lastAt, sum(rates.of('profile').delivered)], [undefined, 0]);
});

test('what happened moves on with time and is forgotten after five minutes, the totals stay', () => {
  const rates = createRates([{ name: 'profile' }], now);
  rates.record(sent('profile', 'delivered'));
  pass(2 * slotSeconds);
  rates.record(sent('profile', 'delivered'));
  assert.deepEqual(rates.of('profile').delivered.slice(-3), [1, 0, 1]);
  pass(300 - slotSeconds);
  assert.equal(sum(rates.of('profile').delivered), 1);
  pass(3_600);
  const { delivered, totals } = rates.of('profile');
  assert.deepEqual([delivered.length, sum(delivered), totals.delivered], [60, 0, 2]);
});

test('a clock that is set back loses nothing, and rules that nobody knows take no room', () => {
  const rates = createRates([{ name: 'profile' }], now);
  pass(-60);
  for (let index = 0; index < 1_000; index += 1) rates.record(sent(`rule-${index}`, 'delivered'));
  rates.record(sent('profile', 'delivered', 1_000));
  assert.equal(rates.of('profile').totals.delivered, 1_000);
  assert.equal(rates.of('rule-1').totals.delivered, 0);
});
