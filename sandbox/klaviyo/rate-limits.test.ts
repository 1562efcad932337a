// The two fixed windows of each operation, on a clock of the test's own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLimits } from './rate-limits.ts';

test('the burst window refuses until its second is over', () => {
  const limits = createLimits(1);
  for (let n = 0; n < 10; n += 1) assert.equal(limits.spend('bulk_create_events', 0).refused, false);
  assert.deepEqual(limits.spend('bulk_create_events', 400), { refused: true, retryAfterSeconds: 1 });
  assert.equal(limits.spend('bulk_create_events', 1_000).refused, false);
});

test('the steady window refuses until its minute is over, and says how long that is', () => {
  const limits = createLimits(1);
  for (let n = 0; n < 150; n += 1) assert.equal(limits.spend('bulk_create_events', n * 100).refused, false);
  assert.deepEqual(limits.spend('bulk_create_events', 20_000), { refused: true, retryAfterSeconds: 40 });
  assert.equal(limits.spend('bulk_create_events', 60_000).refused, false);
});

test('answers tell what is left of the minute, and one operation spends nothing of another', () => {
  const limits = createLimits(1);
  limits.spend('create_event', 0);
  const spent = limits.spend('create_event', 30_000);
  assert.ok(!spent.refused);
  assert.deepEqual(spent.headers, {
    'ratelimit-limit': '3500',
    'ratelimit-remaining': '3498',
    'ratelimit-reset': '30',
  });
  const other = limits.spend('get_events', 30_000);
  assert.ok(!other.refused && other.headers['ratelimit-remaining'] === '3499');
});

test('limits can be scaled down, and be left out altogether', () => {
  const tenth = createLimits(0.1);
  assert.equal(tenth.spend('bulk_create_events', 0).refused, false);
  assert.equal(tenth.spend('bulk_create_events', 0).refused, true);
  const none = createLimits('none');
  for (let n = 0; n < 1_000; n += 1) assert.deepEqual(none.spend('get_accounts', 0), { refused: false, headers: {} });
});
