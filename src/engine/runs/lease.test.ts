/** Tests leases: their keys, what is read of the store, and how a dead holder is recognised without its clock. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { checkKey } from '../../store/store.ts';
import {
  createLeaseMonitor,
  isQueued,
  type Lease,
  type LeaseValue,
  leaseKey,
  listLeases,
  queueKey,
  readLease,
} from './lease.ts';
import { emptyCounts } from './run-counts.ts';

const value: LeaseValue = {
  run: {
    ...{ id: 'run', resource: 'orders', kind: 'sync', request: {}, by: 'api', state: 'queued' },
    ...{ counts: emptyCounts(), queuedAt: '2026-03-15T08:00:00.000Z' },
  },
  holder: 'a process',
  beat: 1,
};

describe('keys', () => {
  test('equal follow-up runs wait at the same place, different ones do not', () => {
    const key = queueKey('products', 'categories(id = "ä")');
    assert.deepEqual(queueKey('products', 'categories(id = "ä")'), key);
    assert.notDeepEqual(queueKey('products', 'categories(id = "b")'), key);
    assert.notDeepEqual(queueKey('categories', 'categories(id = "ä")'), key);
    checkKey(key);
  });

  test('a queued run is distinguished from a held one', () => {
    assert.equal(isQueued({ at: queueKey('orders', 'x'), version: 1, value }), true);
    assert.equal(isQueued({ at: leaseKey('follow-up', 'orders'), version: 1, value }), false);
  });
});

describe('stored leases', () => {
  test('a lease is read as it was written, with its version', async () => {
    const store = createMemoryStore();
    const at = leaseKey('sync', 'orders');
    assert.equal(await readLease(store, at), undefined);
    const version = await store.put(at, value, 'absent');
    assert.deepEqual(await readLease(store, at), { at, version, value });
    assert.deepEqual(await listLeases(store), [{ at, version, value }]);
  });

  test('a record that is no lease is passed over', async () => {
    const store = createMemoryStore();
    await store.put(leaseKey('sync', 'orders'), { holder: 'a process' });
    await store.put(leaseKey('sync', 'products'), value);
    assert.equal(await readLease(store, leaseKey('sync', 'orders')), undefined);
    assert.deepEqual(
      (await listLeases(store)).map(({ at }) => at),
      [leaseKey('sync', 'products')],
    );
  });
});

describe('liveness of a holder', () => {
  const leaseMs = 20_000;
  const leaseAt = (version: number): Lease => ({ at: leaseKey('sync', 'orders'), version, value });
  let clock = 0;
  beforeEach(() => {
    clock = 5;
    mock.method(performance, 'now', () => clock);
  });
  afterEach(() => mock.restoreAll());

  test('a lease that is seen for the first time says nothing', () => {
    assert.equal(createLeaseMonitor(leaseMs).observe(leaseAt(1)), 'unknown');
  });

  test('a lease that changes has a holder that is alive', () => {
    const watch = createLeaseMonitor(leaseMs);
    watch.observe(leaseAt(1));
    clock += 5_000;
    assert.equal(watch.observe(leaseAt(2)), 'alive');
    assert.equal(watch.observe(leaseAt(2)), 'alive');
  });

  test('a lease that stood still for its whole time has a dead holder, not a moment before', () => {
    const watch = createLeaseMonitor(leaseMs);
    watch.observe(leaseAt(1));
    clock += leaseMs;
    assert.equal(watch.observe(leaseAt(1)), 'unknown');
    clock += 1;
    assert.equal(watch.observe(leaseAt(1)), 'dead');
  });

  test('the time begins anew with each change', () => {
    const watch = createLeaseMonitor(leaseMs);
    watch.observe(leaseAt(1));
    clock += leaseMs - 1;
    watch.observe(leaseAt(2));
    clock += leaseMs - 1;
    assert.equal(watch.observe(leaseAt(2)), 'alive');
    clock += 2;
    assert.equal(watch.observe(leaseAt(2)), 'dead');
  });

  test('a lease that was gone is a new one when it comes back', () => {
    const watch = createLeaseMonitor(leaseMs);
    watch.observe(leaseAt(1));
    clock += leaseMs + 1;
    watch.forget([]);
    assert.equal(watch.observe(leaseAt(1)), 'unknown');
  });

  test('forgetting keeps the leases that are still there', () => {
    const watch = createLeaseMonitor(leaseMs);
    watch.observe(leaseAt(1));
    clock += leaseMs + 1;
    watch.forget([leaseAt(1)]);
    assert.equal(watch.observe(leaseAt(1)), 'dead');
  });
});
