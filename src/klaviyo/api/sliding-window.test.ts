/** Sliding window of times: the same as counting all of them again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSlidingWindow } from './sliding-window.ts';

const keptMs = 1_000;
/** Milliseconds between two calls. */
const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });

function filled(steps: readonly number[]) {
  const sent = createSlidingWindow(keptMs);
  const times: number[] = [];
  let at = 0;
  for (const step of steps) {
    at += step;
    sent.add(at);
    times.push(at);
  }
  return { sent, times, at };
}

test('an empty window holds nothing and makes nobody wait', () => {
  const { sent } = filled([]);
  assert.equal(sent.countWithin(keptMs, 5_000), 0);
  assert.equal(sent.msUntilBelow(1, keptMs, 5_000), 0);
});

test('a time leaves the window exactly after its span', () => {
  const { sent } = filled([100]);
  assert.equal(sent.countWithin(500, 599), 1);
  assert.equal(sent.countWithin(500, 600), 0);
  assert.equal(sent.msUntilBelow(1, 500, 599), 1);
  assert.equal(sent.msUntilBelow(1, 500, 600), 0);
});

test('the count within a span is that of all times in it', () => {
  fc.assert(
    fc.property(gaps, fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: keptMs }), (steps, later, spanMs) => {
      const { sent, times, at } = filled(steps);
      const now = at + later;
      assert.equal(sent.countWithin(spanMs, now), times.filter((time) => time > now - spanMs).length);
    }),
  );
});

test('the wait ends at the first moment with fewer times in the span', () => {
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: keptMs }), (steps, most, spanMs) => {
      const { sent, times, at } = filled(steps);
      const within = (now: number) => times.filter((time) => time > now - spanMs).length;
      const waitMs = sent.msUntilBelow(most, spanMs, at);
      assert.ok(waitMs >= 0);
      assert.ok(within(at + waitMs) < most);
      if (waitMs > 0) assert.ok(within(at + waitMs - 1) >= most);
    }),
  );
});
