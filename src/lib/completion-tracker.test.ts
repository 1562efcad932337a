/** Tests that items are reported in the order in which they began, once all items before them are done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCompletionTracker } from './completion-tracker.ts';

function begin(count: number) {
  const reported: number[] = [];
  const tracker = createCompletionTracker();
  const items = Array.from({ length: count }, (_, index) => tracker.begin(() => reported.push(index)));
  return { reported, done: (index: number) => items[index]?.done() };
}

test('items that are done in order are reported one by one', () => {
  const { reported, done } = begin(3);
  for (const index of [0, 1, 2]) {
    done(index);
    assert.equal(reported.length, index + 1);
  }
});

test('an item that is done early is reported after those before it', () => {
  const { reported, done } = begin(3);
  done(2);
  done(1);
  assert.deepEqual(reported, []);
  done(0);
  assert.deepEqual(reported, [0, 1, 2]);
});

test('an item that is done twice is reported once', () => {
  const { reported, done } = begin(2);
  done(0);
  done(0);
  assert.deepEqual(reported, [0]);
});

test('whatever the order, what is reported is the longest completed prefix', () => {
  const order = fc.shuffledSubarray(Array.from({ length: 10 }, (_, index) => index));
  fc.assert(
    fc.property(order, (completed) => {
      const { reported, done } = begin(10);
      for (const index of completed) done(index);
      const prefix = Array.from({ length: 10 }, (_, index) => index);
      const end = prefix.findIndex((index) => !completed.includes(index));
      assert.deepEqual(reported, prefix.slice(0, end === -1 ? 10 : end));
    }),
  );
});
