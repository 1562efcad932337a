/** Tests that bulk waits while a kind is at its limit, and that realtime does not count against it. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createInFlightLimit, type InFlightLimit } from './in-flight-limit.ts';

const { signal } = new AbortController();
/** More than any kind's limit. */
const aboveLimit = 50_000;

function fill(limit: InFlightLimit): void {
  for (let count = 0; count < aboveLimit; count += 1) limit.acquire('bulk', 'event');
}

function empty(limit: InFlightLimit, remaining = 0): void {
  for (let count = aboveLimit; count > remaining; count -= 1) limit.release('bulk', 'event');
}

/** @returns the promise's state at the end of the current turn of the event loop */
async function stateOf(promise: Promise<void>): Promise<'pending' | 'resolved' | 'rejected'> {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending';
  promise.then(
    () => {
      state = 'resolved';
    },
    () => {
      state = 'rejected';
    },
  );
  await turn();
  return state;
}

test('bulk does not wait while there is capacity', async () => {
  const limit = createInFlightLimit();
  limit.acquire('bulk', 'item');
  await limit.waitForCapacity(signal);
});

test('bulk waits while a kind is at its limit', async () => {
  const limit = createInFlightLimit();
  fill(limit);
  const capacity = limit.waitForCapacity(signal);
  assert.equal(await stateOf(capacity), 'pending');
  limit.release('bulk', 'event');
  assert.equal(await stateOf(capacity), 'pending');
  empty(limit, 1);
  await capacity;
});

test('all waiting callers resume when there is capacity', async () => {
  const limit = createInFlightLimit();
  fill(limit);
  const waiting = [limit.waitForCapacity(signal), limit.waitForCapacity(signal), limit.waitForCapacity(signal)];
  empty(limit);
  await Promise.all(waiting);
});

test('realtime changes do not count against the limit', async () => {
  const limit = createInFlightLimit();
  for (let count = 0; count < aboveLimit; count += 1) limit.acquire('realtime', 'event');
  await limit.waitForCapacity(signal);
});

test('an abort before or while waiting rejects with its reason', async () => {
  const limit = createInFlightLimit();
  fill(limit);
  await assert.rejects(limit.waitForCapacity(AbortSignal.abort(new Error('before'))), /before/);
  const stop = new AbortController();
  const waiting = limit.waitForCapacity(stop.signal);
  stop.abort(new Error('while waiting'));
  await assert.rejects(waiting, /while waiting/);
});

test('no listener remains after waiting', async () => {
  const limit = createInFlightLimit();
  const stop = new AbortController();
  await limit.waitForCapacity(stop.signal);
  fill(limit);
  const waiting = limit.waitForCapacity(stop.signal);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
  empty(limit);
  await waiting;
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});

test('onIdle resolves when both lanes are empty', async () => {
  const limit = createInFlightLimit();
  await limit.onIdle();
  limit.acquire('realtime', 'profile');
  limit.acquire('bulk', 'stock');
  const idle = limit.onIdle();
  limit.release('bulk', 'stock');
  assert.equal(await stateOf(idle), 'pending');
  assert.deepEqual(limit.counts(), { realtime: 1, cart: 0, bulk: 0 });
  limit.release('realtime', 'profile');
  await idle;
  assert.deepEqual(limit.counts(), { realtime: 0, cart: 0, bulk: 0 });
});
