/** Tests when the passes of a run that catch up with changes end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLastPass } from './run-bulk.ts';

const minuteMs = 60_000;
const none = Number.POSITIVE_INFINITY;

test('a pass of less than a minute is the last one', () => {
  assert.equal(isLastPass(0.9 * minuteMs, none), true);
  assert.equal(isLastPass(1.1 * minuteMs, none), false);
});

test('passes end when they no longer become shorter: each takes as long as the jobs of Klaviyo', () => {
  assert.equal(isLastPass(4 * minuteMs, 20 * minuteMs), false);
  assert.equal(isLastPass(4 * minuteMs, 4 * minuteMs), true);
  assert.equal(isLastPass(5 * minuteMs, 4 * minuteMs), true);
});
