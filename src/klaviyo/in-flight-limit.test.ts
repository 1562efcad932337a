/** In-flight limit: bulk waits while a kind is full, realtime never counts against it. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createRoom, type Room } from './in-flight-limit.ts';

const { signal } = new AbortController();
/** More than any kind may have in flight. */
const more = 50_000;

function fill(room: Room): void {
  for (let count = 0; count < more; count += 1) room.enter('bulk', 'event');
}

function empty(room: Room, left = 0): void {
  for (let count = more; count > left; count -= 1) room.leave('bulk', 'event');
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
  const room = createRoom();
  room.enter('bulk', 'item');
  await room.free(signal);
});

test('bulk waits while any kind is full, and goes on below its limit', async () => {
  const room = createRoom();
  fill(room);
  const free = room.free(signal);
  assert.equal(await stateOf(free), 'pending');
  room.leave('bulk', 'event');
  assert.equal(await stateOf(free), 'pending');
  empty(room, 1);
  await free;
});

test('everybody who waits goes on', async () => {
  const room = createRoom();
  fill(room);
  const waiting = [room.free(signal), room.free(signal), room.free(signal)];
  empty(room);
  await Promise.all(waiting);
});

test('realtime does not fill the room of bulk', async () => {
  const room = createRoom();
  for (let count = 0; count < more; count += 1) room.enter('realtime', 'event');
  await room.free(signal);
});

test('waiting rejects with the reason of its signal, before or meanwhile', async () => {
  const room = createRoom();
  fill(room);
  await assert.rejects(room.free(AbortSignal.abort(new Error('before'))), /before/);
  const stop = new AbortController();
  const waiting = room.free(stop.signal);
  stop.abort(new Error('meanwhile'));
  await assert.rejects(waiting, /meanwhile/);
});

test('waiting leaves no listener behind', async () => {
  const room = createRoom();
  const stop = new AbortController();
  await room.free(stop.signal);
  fill(room);
  const waiting = room.free(stop.signal);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
  empty(room);
  await waiting;
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});

test('idle is reached when both lanes are empty', async () => {
  const room = createRoom();
  await room.empty();
  room.enter('realtime', 'profile');
  room.enter('bulk', 'stock');
  const idle = room.empty();
  room.leave('bulk', 'stock');
  assert.equal(await stateOf(idle), 'pending');
  assert.deepEqual(room.counts(), { realtime: 1, bulk: 0 });
  room.leave('realtime', 'profile');
  await idle;
  assert.deepEqual(room.counts(), { realtime: 0, bulk: 0 });
});
