/** Tests that the cache is bounded, and that its bound costs nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLruCache } from './lru-cache.ts';

test('the entry that was used longest ago makes room', () => {
  const cache = createLruCache<string, number>({ max: 2 });
  cache.set('a', 1).set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.get(key)),
    [1, undefined, 3],
  );
});

test('an empty cache takes no memory for its maximum', () => {
  const before = process.memoryUsage();
  const cache = createLruCache<string, number>({ max: 10_000_000, ttl: 60_000 });
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  assert.ok(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers < 10_000_000);
  assert.equal(cache.set('a', 1).get('a'), 1);
});
