import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Happened, VerdictName } from '../activity.ts';
import { createRates, slotSeconds } from './rates.ts';

let time = Date.parse('2026-03-15T08:00:00Z');
const now = () => new Date(time);
const pass = (seconds: number) => {
  time += seconds * 1_000;
};
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function message(verdict: VerdictName, ...rules: string[]): Happened {
  const record = { typeId: 'order', id: 'o1' };
  return { what: 'message', type: 'OrderCreated', messageId: 'm', record, rules, verdict, reasons: [], tookMs: 1 };
}

test('each rule shows its own messages, by what became of them', () => {
  const rates = createRates(['placed-order', 'profile'], now);
  for (const verdict of ['done', 'done', 'skipped', 'kept', 'again'] as const)
    rates.note(message(verdict, 'placed-order'));
  const { totals, lastAt, delivered, refused } = rates.of('placed-order');
  assert.deepEqual(totals, { delivered: 2, skipped: 1, refused: 1, waiting: 1 });
  assert.equal(lastAt, now().toISOString());
  assert.deepEqual([delivered.at(-1), refused.at(-1)], [2, 1]);
  assert.deepEqual([rates.of('profile').lastAt, sum(rates.of('profile').delivered)], [undefined, 0]);
});

test('what happened moves on with time and is forgotten after five minutes, the totals stay', () => {
  const rates = createRates(['profile'], now);
  rates.note(message('done', 'profile'));
  pass(2 * slotSeconds);
  rates.note(message('done', 'profile'));
  assert.deepEqual(rates.of('profile').delivered.slice(-3), [1, 0, 1]);
  pass(300 - slotSeconds);
  assert.equal(sum(rates.of('profile').delivered), 1);
  pass(3_600);
  const { delivered, totals } = rates.of('profile');
  assert.deepEqual([delivered.length, sum(delivered), totals.delivered], [60, 0, 2]);
});

test('a clock that is set back loses nothing, and rules that nobody knows take no room', () => {
  const rates = createRates(['profile'], now);
  pass(-60);
  for (let index = 0; index < 1_000; index += 1) rates.note(message('done', `rule-${index}`, 'profile'));
  assert.equal(rates.of('profile').totals.delivered, 1_000);
  assert.equal(rates.of('rule-1').totals.delivered, 0);
});
