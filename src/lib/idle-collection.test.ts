/** Tests when memory is returned: once after work, and never during work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdleCollection, ownProcess } from './idle-collection.ts';

const mebibyte = 2 ** 20;

/** A process whose collections leave 40 MB. */
function processWith(heapMb: number) {
  const own = { cpuMs: 2_000, heapMb, collections: 0 };
  const idleCollection = createIdleCollection({
    cpuMs: () => own.cpuMs,
    heapBytes: () => own.heapMb * mebibyte,
    collect() {
      own.collections += 1;
      own.heapMb = 40;
      own.cpuMs += 400;
    },
    everyMs: 0,
  });
  /** @returns the number of collections after `cpuMs` of work */
  const check = (cpuMs: number) => {
    own.cpuMs += cpuMs;
    idleCollection.check();
    return own.collections;
  };
  return { own, check };
}

test('collects once after the start, and not again while nothing happens', () => {
  const { check } = processWith(75);
  assert.equal(check(2_000), 0, 'still starting');
  assert.equal(check(10), 1);
  for (let checks = 0; checks < 10; checks += 1) assert.equal(check(10), 1);
});

test('collects after a burst, not during it', () => {
  const { own, check } = processWith(75);
  check(10);
  own.heapMb = 300;
  assert.equal(check(9_000), 1);
  assert.equal(check(400), 1);
  assert.equal(check(10), 2);
});

test('a heap that has hardly grown is left as it is', () => {
  const { own, check } = processWith(75);
  check(10);
  own.heapMb = 47;
  assert.equal(check(10), 1);
  own.heapMb = 48;
  assert.equal(check(10), 2);
});

test('V8 returns what the heap does not need', () => {
  const { collect, heapBytes } = ownProcess();
  let held: number[][] | undefined = Array.from({ length: 200 }, () => Array.from({ length: 20_000 }, Math.random));
  const before = heapBytes();
  assert.equal(held.length, 200);
  held = undefined;
  collect();
  assert.ok(heapBytes() < before - 16 * mebibyte, `${before} bytes before, ${heapBytes()} after`);
});
