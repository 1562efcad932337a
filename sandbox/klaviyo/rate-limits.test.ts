/** Tests of the burst and steady windows of each operation, with a fake clock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRateLimiter } from './rate-limits.ts';

test('the burst window throttles until its second ends', () => {
  const limits = createRateLimiter(1);
  for (let n = 0; n < 10; n += 1) assert.equal(limits.spend('bulk_create_events', 0).throttled, false);
  assert.deepEqual(limits.spend('bulk_create_events', 400), { throttled: true, retryAfterSeconds: 1 });
  assert.equal(limits.spend('bulk_create_events', 1_000).throttled, false);
});

test('the steady window throttles until its minute ends, and returns the remaining time', () => {
  const limits = createRateLimiter(1);
  for (let n = 0; n < 150; n += 1) assert.equal(limits.spend('bulk_create_events', n * 100).throttled, false);
  assert.deepEqual(limits.spend('bulk_create_events', 20_000), { throttled: true, retryAfterSeconds: 40 });
  assert.equal(limits.spend('bulk_create_events', 60_000).throttled, false);
});

test('headers show the remaining requests of the second, and operations have separate limits', () => {
  const limits = createRateLimiter(1);
  limits.spend('create_event', 0);
  limits.spend('create_event', 30_000);
  const spent = limits.spend('create_event', 30_500);
  assert.ok(!spent.throttled);
  assert.deepEqual(spent.headers, {
    'ratelimit-limit': '350, 350;w=1, 3500;w=60',
    'ratelimit-remaining': '348',
    'ratelimit-reset': '0',
  });
  const otherOperation = limits.spend('get_events', 30_500);
  assert.ok(!otherOperation.throttled && otherOperation.headers['ratelimit-remaining'] === '349');
});

test('limits can be scaled down or disabled', () => {
  const tenth = createRateLimiter(0.1);
  assert.equal(tenth.spend('bulk_create_events', 0).throttled, false);
  assert.equal(tenth.spend('bulk_create_events', 0).throttled, true);
  const none = createRateLimiter('none');
  for (let n = 0; n < 1_000; n += 1) assert.deepEqual(none.spend('get_accounts', 0), { throttled: false, headers: {} });
});
