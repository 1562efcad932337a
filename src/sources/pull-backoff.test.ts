/** Tests how long a source waits after failures, for one message and as a whole. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createPullBackoff, redeliveryDelayMs } from './pull-backoff.ts';
import type { Verdict } from './source.ts';

const retried: Verdict = { ack: false, reason: 'unavailable' };

test('the redelivery delay doubles with each delivery, up to a minute', () => {
  assert.deepEqual(
    [1, 2, 3, 7, 8, 9, 1_000].map((deliveries) => redeliveryDelayMs(deliveries)),
    [500, 1_000, 2_000, 32_000, 60_000, 60_000, 60_000],
  );
});

test('a Retry-After longer than the redelivery delay wins, a shorter one does not', () => {
  assert.equal(redeliveryDelayMs(1, 90_000), 90_000);
  assert.equal(redeliveryDelayMs(5, 10), 8_000);
});

test('consecutive failures delay the next pull, and a success resets the delay', (context) => {
  context.after(() => mock.restoreAll());
  let clock = 1_000;
  mock.method(performance, 'now', () => clock);
  const backoff = createPullBackoff();
  assert.equal(backoff.remainingMs(), 0);
  backoff.onVerdict(retried);
  backoff.onVerdict(retried);
  assert.equal(backoff.remainingMs(), 1_000);
  clock += 400;
  assert.equal(backoff.remainingMs(), 600);
  clock += 10_000;
  assert.equal(backoff.remainingMs(), 0);
  backoff.onVerdict({ ...retried, retryAfterMs: 5_000 });
  assert.equal(backoff.remainingMs(), 5_000);
  backoff.onVerdict({ ack: true, outcome: 'dead-lettered', reasons: ['invalid'] });
  assert.equal(backoff.remainingMs(), 0);
  backoff.onVerdict(retried);
  assert.equal(backoff.remainingMs(), 500);
});
