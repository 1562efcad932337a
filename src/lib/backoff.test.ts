/** Tests exponential backoff: the delays double up to the maximum and start again after a reset. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, createBackoff } from './backoff.ts';

test('delays double up to the maximum', () => {
  const backoff = createBackoff({ firstMs: 100, maxMs: 500 });
  assert.deepEqual(
    Array.from({ length: 5 }, () => backoff.nextMs()),
    [100, 200, 400, 500, 500],
  );
});

test('a reset starts again with the first delay', () => {
  const backoff = createBackoff({ firstMs: 100, maxMs: 500 });
  backoff.nextMs();
  backoff.nextMs();
  backoff.reset();
  assert.equal(backoff.nextMs(), 100);
});

test('a high attempt stays at the maximum', () => {
  assert.equal(backoffMs(10_000, { firstMs: 1, maxMs: 60_000 }), 60_000);
});
