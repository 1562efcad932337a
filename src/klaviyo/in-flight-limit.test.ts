/** In-flight limit: bulk waits while a kind is full, realtime never counts against it. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createInFlightLimit, type InFlightLimit } from './in-flight-limit.ts';

const { signal } = new AbortController();
/** More than any kind may have in flight. */
const more = 50_000;

function fill(room: InFlightLimit): void {
  for (let count = 0; count < more; count += 1) room.acquire('bulk', 'event');
}

function empty(room: InFlightLimit, left = 0): void {
  for (let count = more; count > left; count -= 1) room.release('bulk', 'event');
}

/** @returns how the promise stands when everything that is due has run */
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

test('bulk goes on while there is capacity', async () => {
  const room = createInFlightLimit();
  room.acquire('bulk', 'item');
  await room.waitForCapacity(signal);
});

test('bulk waits while any kind is full, and goes on below its limit', async () => {
  const room = createInFlightLimit();
  fill(room);
  const free = room.waitForCapacity(signal);
  assert.equal(await stateOf(free), 'pending');
  room.release('bulk', 'event');
  assert.equal(await stateOf(free), 'pending');
  empty(room, 1);
  await free;
});

test('everybody who waits goes on', async () => {
  const room = createInFlightLimit();
  fill(room);
  const waiting = [room.waitForCapacity(signal), room.waitForCapacity(signal), room.waitForCapacity(signal)];
  empty(room);
  await Promise.all(waiting);
});

test('realtime does not fill the room of bulk', async () => {
  const room = createInFlightLimit();
  for (let count = 0; count < more; count += 1) room.acquire('realtime', 'event');
  await room.waitForCapacity(signal);
});

test('waiting rejects with the reason of its signal, before or meanwhile', async () => {
  const room = createInFlightLimit();
  fill(room);
  await assert.rejects(room.waitForCapacity(AbortSignal.abort(new Error('before'))), /before/);
  const stop = new AbortController();
  const waiting = room.waitForCapacity(stop.signal);
  stop.abort(new Error('meanwhile'));
  await assert.rejects(waiting, /meanwhile/);
});

test('waiting leaves no listener behind', async () => {
  const room = createInFlightLimit();
  const stop = new AbortController();
  await room.waitForCapacity(stop.signal);
  fill(room);
  const waiting = room.waitForCapacity(stop.signal);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
  empty(room);
  await waiting;
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});

test('idle is reached when both lanes are empty', async () => {
  const room = createInFlightLimit();
  await room.onIdle();
  room.acquire('realtime', 'profile');
  room.acquire('bulk', 'stock');
  const idle = room.onIdle();
  room.release('bulk', 'stock');
  assert.equal(await stateOf(idle), 'pending');
  assert.deepEqual(room.counts(), { realtime: 1, bulk: 0 });
  room.release('realtime', 'profile');
  await idle;
  assert.deepEqual(room.counts(), { realtime: 0, bulk: 0 });
});
