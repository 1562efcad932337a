/** Tests the sliding window against a plain count of all times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSlidingWindow } from './sliding-window.ts';

const retentionMs = 1_000;
/** Milliseconds between two calls. */
const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });

function filled(steps: readonly number[]) {
  const window = createSlidingWindow(retentionMs);
  const times: number[] = [];
  let at = 0;
  for (const step of steps) {
    at += step;
    window.add(at);
    times.push(at);
  }
  return { window, times, at };
}

test('an empty window counts nothing and requires no wait', () => {
  const { window } = filled([]);
  assert.equal(window.countWithin(retentionMs, 5_000), 0);
  assert.equal(window.msUntilBelow(1, retentionMs, 5_000), 0);
});

test('a time leaves the window exactly after its span', () => {
  const { window } = filled([100]);
  assert.equal(window.countWithin(500, 599), 1);
  assert.equal(window.countWithin(500, 600), 0);
  assert.equal(window.msUntilBelow(1, 500, 599), 1);
  assert.equal(window.msUntilBelow(1, 500, 600), 0);
});

test('the count within a span equals that of all times in it', () => {
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 1, max: retentionMs }),
      (steps, afterMs, spanMs) => {
        const { window, times, at } = filled(steps);
        const now = at + afterMs;
        assert.equal(window.countWithin(spanMs, now), times.filter((time) => time > now - spanMs).length);
      },
    ),
  );
});

test('the wait ends at the first moment with fewer times than the limit', () => {
  fc.assert(
    fc.property(
      gaps,
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: retentionMs }),
      (steps, limit, spanMs) => {
        const { window, times, at } = filled(steps);
        const within = (now: number) => times.filter((time) => time > now - spanMs).length;
        const waitMs = window.msUntilBelow(limit, spanMs, at);
        assert.ok(waitMs >= 0);
        assert.ok(within(at + waitMs) < limit);
        if (waitMs > 0) assert.ok(within(at + waitMs - 1) >= limit);
      },
    ),
  );
});
