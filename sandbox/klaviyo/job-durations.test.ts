/** Tests of the durations of bulk jobs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogJobMs, profileJobMs } from './job-durations.ts';

test('recorded durations: three of four catalog jobs take 7 to 17 s, every fourth 30 s to 4.6 min', () => {
  for (let seq = 1; seq <= 100; seq += 1) {
    const seconds = catalogJobMs('recorded', seq) / 1_000;
    const [min, max] = seq % 4 === 0 ? [30, 276] : [7, 17];
    assert.ok(seconds >= min && seconds <= max, `job ${seq} takes ${seconds} s`);
    assert.equal(catalogJobMs('recorded', seq) / 1_000, seconds);
  }
  assert.ok(profileJobMs('recorded') < 7_000);
});

test('a number is the duration of every job', () => {
  assert.deepEqual([catalogJobMs(20, 4), profileJobMs(20)], [20, 20]);
});
