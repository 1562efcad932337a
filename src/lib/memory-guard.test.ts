/** Tests when load is shed: by what a collection leaves, and with hysteresis. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryGuard, heapOf, shortOfMemory, youngGenerationBytes } from './memory-guard.ts';

function guardOf() {
  const heap = { live: 0, garbage: 0, time: 0, collections: 0 };
  const changes: boolean[] = [];
  const guard = createMemoryGuard({
    measure: () => ({ usedBytes: heap.live + heap.garbage, limitBytes: 100 }),
    collect: () => {
      heap.garbage = 0;
      heap.collections += 1;
    },
    now: () => heap.time,
    everyMs: 0,
  });
  guard.onChange((isShedding) => void changes.push(isShedding));
  return {
    heap,
    changes,
    /** @returns whether load is shed with this use, ten seconds later */
    with(live: number, garbage = 0, laterMs = 10_000): boolean {
      Object.assign(heap, { live, garbage, time: heap.time + laterMs });
      guard.check();
      return guard.shedReason() === shortOfMemory;
    },
  };
}

test('garbage sheds no load, however much there is', () => {
  const guard = guardOf();
  for (let time = 0; time < 10; time += 1) assert.equal(guard.with(40, 45), false);
  assert.equal(guard.heap.collections, 10);
});

test('load is shed at 80 % of what is needed, and accepted again below 65 %', () => {
  const guard = guardOf();
  assert.equal(guard.with(79), false);
  assert.equal(guard.with(80), true);
  assert.equal(guard.with(70), true, 'no flapping between the two');
  assert.equal(guard.with(66), true);
  assert.equal(guard.with(64), false);
  assert.equal(guard.with(79), false);
  assert.deepEqual(guard.changes, [true, false]);
});

test('garbage does not keep load shed', () => {
  const guard = guardOf();
  assert.equal(guard.with(85), true);
  assert.equal(guard.with(30, 50), false);
});

test('a heap that fills up between two collections is not waited for', () => {
  const guard = guardOf();
  assert.equal(guard.with(70, 15), false);
  assert.equal(guard.with(70, 15, 100), false, 'collected just now');
  assert.equal(guard.with(70, 23, 100), true);
  assert.equal(guard.heap.collections, 1);
});

test('collections keep their distance while memory stays short', () => {
  const guard = guardOf();
  for (let time = 0; time < 100; time += 1) guard.with(85, 0, 100);
  assert.ok(guard.heap.collections <= 6, `${guard.heap.collections}`);
});

test('the limit is that of the old generation, whichever way it was set', () => {
  const mebibyte = 2 ** 20;
  assert.equal(youngGenerationBytes(['--max-semi-space-size=16', '--max-old-space-size=300']), 48 * mebibyte);
  assert.equal(youngGenerationBytes(['--max_semi_space_size', '8']), 24 * mebibyte);
  assert.equal(youngGenerationBytes(['--max-old-space-size-percentage=60']), 192 * mebibyte);
  assert.equal(youngGenerationBytes(['--import', 'x.js'], 1_000), 50);
});

test('the heap of this process is measured and can be collected', () => {
  const { measure, collect } = heapOf(process.execArgv);
  const { usedBytes, limitBytes } = measure();
  assert.ok(usedBytes > 0 && usedBytes < limitBytes);
  let ballast: number[][] = Array.from({ length: 200 }, (_, index) => Array.from({ length: 10_000 }, () => index / 3));
  const full = measure().usedBytes;
  assert.ok(ballast.length > 0);
  ballast = [];
  collect();
  assert.ok(measure().usedBytes < full - 8_000_000);
});
