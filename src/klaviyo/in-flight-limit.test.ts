/** Tests that bulk waits while a kind is at its limit, and that realtime does not count against it. */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Change, ChangeKind, EventChange, ItemChange, StockChange } from './change.ts';
import { changeKinds, inFlightSize } from './change-kinds.ts';
import { createInFlightLimit, type InFlightLimit } from './in-flight-limit.ts';

const { signal } = new AbortController();
const events: ReadonlySet<ChangeKind> = new Set(['event']);
const event: EventChange = { type: 'event', metric: 'M', uniqueId: 'u', time: '', profile: {}, properties: {} };
const stock: StockChange = { type: 'stock', sku: 's', quantity: 1, policy: 1 };

function itemWith(variantCount: number): ItemChange {
  const shared = { title: 't', description: '', url: '', image_full_url: null, published: true, custom_metadata: {} };
  const variant = { ...shared, price: 1, inventory_quantity: 1, inventory_policy: 1 } as const;
  return {
    type: 'item',
    item: { ...shared, external_id: 'item', price: 1 },
    variants: Array.from({ length: variantCount }, (_, index) => ({
      ...variant,
      external_id: `${index}`,
      sku: `${index}`,
    })),
    categories: [],
  };
}

/** Acquires the change in bulk until its kind is at its limit. @returns a function that releases all but so many */
function fill(limit: InFlightLimit, change: Change = event): (remaining?: number) => void {
  const count = Math.ceil(changeKinds[change.type].maxInFlight / inFlightSize(change));
  const releases = Array.from({ length: count }, () => limit.acquire('bulk', change));
  return (remaining = 0) => {
    for (const release of releases.splice(remaining)) release();
  };
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
  limit.acquire('bulk', event);
  await limit.waitForCapacity(events, signal);
});

test('bulk waits while a kind is at its limit', async () => {
  const limit = createInFlightLimit();
  const empty = fill(limit);
  const oneMore = limit.acquire('bulk', event);
  const capacity = limit.waitForCapacity(events, signal);
  assert.equal(await stateOf(capacity), 'pending');
  oneMore();
  assert.equal(await stateOf(capacity), 'pending');
  empty(1);
  await capacity;
});

test('items count by their variants: fewer large ones than small ones are in flight', async () => {
  for (const change of [itemWith(1), itemWith(100)]) {
    const limit = createInFlightLimit();
    const empty = fill(limit, change);
    const capacity = limit.waitForCapacity(new Set(['item']), signal);
    assert.equal(await stateOf(capacity), 'pending');
    empty();
    await capacity;
  }
  assert.ok(inFlightSize(itemWith(100)) > 20 * inFlightSize(itemWith(1)));
});

test('a kind at its limit holds up only those that write it', async () => {
  const limit = createInFlightLimit();
  fill(limit, itemWith(3));
  await limit.waitForCapacity(events, signal);
  assert.equal(await stateOf(limit.waitForCapacity(new Set(['event', 'item']), signal)), 'pending');
});

test('all waiting callers resume when there is capacity', async () => {
  const limit = createInFlightLimit();
  const empty = fill(limit);
  const waiting = [
    limit.waitForCapacity(events, signal),
    limit.waitForCapacity(events, signal),
    limit.waitForCapacity(events, signal),
  ];
  empty();
  await Promise.all(waiting);
});

test('realtime changes do not count against the limit', async () => {
  const limit = createInFlightLimit();
  for (let count = 0; count < 10_000; count += 1) limit.acquire('realtime', event);
  await limit.waitForCapacity(events, signal);
});

test('an abort before or while waiting rejects with its reason', async () => {
  const limit = createInFlightLimit();
  fill(limit);
  await assert.rejects(limit.waitForCapacity(events, AbortSignal.abort(new Error('before'))), /before/);
  const stop = new AbortController();
  const waiting = limit.waitForCapacity(events, stop.signal);
  stop.abort(new Error('while waiting'));
  await assert.rejects(waiting, /while waiting/);
});

test('no listener remains after waiting', async () => {
  const limit = createInFlightLimit();
  const stop = new AbortController();
  await limit.waitForCapacity(events, stop.signal);
  const empty = fill(limit);
  const waiting = limit.waitForCapacity(events, stop.signal);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
  empty();
  await waiting;
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});

test('onIdle resolves when both lanes are empty', async () => {
  const limit = createInFlightLimit();
  await limit.onIdle();
  const releaseEvent = limit.acquire('realtime', event);
  const releaseStock = limit.acquire('bulk', stock);
  const idle = limit.onIdle();
  releaseStock();
  assert.equal(await stateOf(idle), 'pending');
  assert.deepEqual(limit.counts(), { realtime: 1, cart: 0, bulk: 0 });
  releaseEvent();
  await idle;
  assert.deepEqual(limit.counts(), { realtime: 0, cart: 0, bulk: 0 });
});
