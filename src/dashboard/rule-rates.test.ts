/** Tests the per-rule counts: by outcome, over time, and with a clock that is set back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppEvent, ChangeCount } from '../telemetry/app-events.ts';
import { createRuleRates, slotSeconds } from './rule-rates.ts';

let time = Date.parse('2026-03-15T08:00:00Z');
const now = () => new Date(time);
const advance = (seconds: number) => {
  time += seconds * 1_000;
};
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function changesEvent(rule: string, outcome: ChangeCount['outcome'], count = 1): AppEvent {
  return { type: 'changes', lane: 'realtime', changes: [{ rule, outcome, count }] };
}

test('each rule counts its own changes by outcome', () => {
  const rates = createRuleRates([{ name: 'placed-order' }, { name: 'profile' }], now);
  rates.record(changesEvent('placed-order', 'delivered', 2));
  for (const outcome of ['rejected', 'rejected-later', 'failed', 'unavailable', 'skipped'] as const)
    rates.record(changesEvent('placed-order', outcome));
  const { totals, lastAt, delivered, rejected } = rates.rateOf('placed-order');
  assert.deepEqual(totals, { delivered: 2, rejected: 3, retried: 1 });
  assert.equal(lastAt, now().toISOString());
  assert.deepEqual([delivered.at(-1), rejected.at(-1)], [2, 3]);
  assert.deepEqual([rates.rateOf('profile').lastAt, sum(rates.rateOf('profile').delivered)], [undefined, 0]);
});

test('counts move to older slots and are dropped after five minutes; totals stay', () => {
  const rates = createRuleRates([{ name: 'profile' }], now);
  rates.record(changesEvent('profile', 'delivered'));
  advance(2 * slotSeconds);
  rates.record(changesEvent('profile', 'delivered'));
  assert.deepEqual(rates.rateOf('profile').delivered.slice(-3), [1, 0, 1]);
  advance(300 - slotSeconds);
  assert.equal(sum(rates.rateOf('profile').delivered), 1);
  advance(3_600);
  const { delivered, totals } = rates.rateOf('profile');
  assert.deepEqual([delivered.length, sum(delivered), totals.delivered], [60, 0, 2]);
});

test('a clock that is set back loses no counts, and unknown rules are not counted', () => {
  const rates = createRuleRates([{ name: 'profile' }], now);
  advance(-60);
  for (let index = 0; index < 1_000; index += 1) rates.record(changesEvent(`rule-${index}`, 'delivered'));
  rates.record(changesEvent('profile', 'delivered', 1_000));
  assert.equal(rates.rateOf('profile').totals.delivered, 1_000);
  assert.equal(rates.rateOf('rule-1').totals.delivered, 0);
});
