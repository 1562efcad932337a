/** Tests the timeout and the cache with a time to live. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTimeout } from './timeout.ts';
import { createTtlCache } from './ttl-cache.ts';

test('a result in time is returned, and the timer is cleared', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  assert.equal(await withTimeout(() => Promise.resolve('done'), 10, 'late'), 'done');
});

test('work that takes longer yields the fallback', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const result = withTimeout(() => new Promise<string>(() => {}), 10, 'late');
  t.mock.timers.tick(10);
  assert.equal(await result, 'late');
});

test('a rejection in time is passed on', async () => {
  await assert.rejects(
    withTimeout(() => Promise.reject(new Error('bug')), 10, 'late'),
    /bug/,
  );
});

test('a cached value is read again once its time to live has passed', async (t) => {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let reads = 0;
  const cached = createTtlCache(100, async () => ++reads);
  assert.deepEqual(await Promise.all([cached(), cached()]), [1, 1]);
  now = 99;
  assert.equal(await cached(), 1);
  now = 100;
  assert.equal(await cached(), 2);
});

test('a rejection is shared by concurrent callers and not kept', async () => {
  let reads = 0;
  const cached = createTtlCache(100, async () => {
    reads += 1;
    if (reads === 1) throw new Error('away');
    return reads;
  });
  const failed = await Promise.allSettled([cached(), cached()]);
  assert.deepEqual(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(await cached(), 2);
  assert.equal(await cached(), 2);
});
