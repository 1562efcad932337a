/** Tests the bounds of commercetools' time, on a machine whose own clock is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServerClock } from './server-clock.ts';

const serverDate = 'Sun, 15 Mar 2026 08:00:00 GMT';
const serverMs = Date.parse(serverDate);
const localNow = new Date(serverMs + 5 * 3_600_000);

function start() {
  let monotonicMs = 1_000;
  const clock = createServerClock({ now: () => localNow, monotonicMs: () => monotonicMs });
  const bounds = () => [clock.earliest().getTime() - serverMs, clock.latest().getTime() - serverMs];
  return {
    clock,
    bounds,
    pass: (ms: number) => {
      monotonicMs += ms;
    },
  };
}

test('before a response the time is that of the machine', () => {
  const { clock } = start();
  assert.equal(clock.isSet(), false);
  assert.deepEqual([clock.earliest(), clock.latest()], [localNow, localNow]);
});

test('a response bounds the time by its second and the duration of its request, and time passes on', () => {
  const { clock, bounds, pass } = start();
  pass(200);
  clock.observe(serverDate, 1_000);
  assert.equal(clock.isSet(), true);
  assert.deepEqual(bounds(), [0, 1_200]);
  pass(3_000);
  assert.deepEqual(bounds(), [3_000, 4_200]);
});

test('a response without a valid Date header changes nothing', () => {
  const { clock, bounds } = start();
  clock.observe(serverDate, 1_000);
  for (const date of [undefined, 'soon', 7]) clock.observe(date, 1_000);
  assert.deepEqual(bounds(), [0, 1_000]);
});
