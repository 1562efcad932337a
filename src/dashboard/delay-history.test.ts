/** Tests delay and backlog over the last six hours: quantiles, slots that move, and bounded samples. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { AppEvent } from '../telemetry/app-events.ts';
import { createDelayHistory, historySlotSeconds } from './delay-history.ts';

let time = 0;
let waiting = 0;
beforeEach(() => {
  time = Date.parse('2026-03-15T08:00:00Z');
  waiting = 0;
});
const now = () => new Date(time);
const history = () => createDelayHistory({ now, inFlight: () => ({ realtime: waiting, bulk: 0 }), random: () => 0 });

function message(delaySeconds: number, outcome: 'delivered' | 'skipped' | 'retried' = 'delivered'): AppEvent {
  return {
    ...{
      type: 'message',
      messageType: 'OrderCreated',
      messageId: 'm',
      record: { typeId: 'order', id: 'o' },
      rules: [],
    },
    ...{ createdAt: new Date(time - delaySeconds * 1_000).toISOString(), outcome, reasons: [], tookMs: 1 },
  };
}

test('the median and the slow end of deliveries; other outcomes do not count', () => {
  const delays = history();
  for (let seconds = 1; seconds <= 100; seconds += 1) delays.record(message(seconds));
  delays.record(message(5_000, 'retried'));
  delays.record(message(5_000, 'skipped'));
  const { medianDelay, slowDelay, last } = delays.read();
  assert.deepEqual([medianDelay.at(-1), slowDelay.at(-1)], [51, 96]);
  assert.deepEqual(last, { at: now().toISOString(), delaySeconds: 100 });
});

test('a clock of commercetools that is ahead gives no negative delay', () => {
  const delays = history();
  delays.record(message(-5));
  assert.equal(delays.read().medianDelay.at(-1), 0);
});

test('slots keep the highest backlog, move on, and are dropped after six hours', () => {
  const delays = history();
  waiting = 7;
  delays.record(message(1));
  waiting = 2;
  delays.record(message(1));
  time += historySlotSeconds * 1_000;
  const next = delays.read();
  assert.deepEqual(next.backlog.slice(-2), [7, 2]);
  assert.deepEqual(next.medianDelay.slice(-2), [1, null]);
  time += 6 * 3_600_000;
  waiting = 0;
  const later = delays.read();
  assert.equal(later.backlog.length, 72);
  assert.ok(later.backlog.every((count) => count === 0));
  assert.equal(Date.parse(later.from) + 71 * historySlotSeconds * 1_000, time);
});

test('a slot keeps a bounded sample', () => {
  const delays = history();
  for (let index = 0; index < 5_000; index += 1) delays.record(message(3));
  assert.equal(delays.read().medianDelay.at(-1), 3);
});
