/** Tests the heartbeat of a lease: when it is renewed, lost, released and handed over, also while the store fails. */
import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { RunEnded } from './errors.ts';
import { type Lease, leaseKey, readLease, runLeases, UNHELD } from './lease.ts';
import { startLeaseHeartbeat } from './lease-heartbeat.ts';
import type { Run } from './run.ts';
import { emptyCounts } from './run-counts.ts';

const leaseMs = 20_000;
const beatMs = leaseMs / 4;
/** A holder that can't renew its lease gives up after this time. */
const expiryMs = leaseMs * 0.75;
const at = leaseKey('sync', 'orders');
const run: Run = {
  ...{ id: 'run', resource: 'orders', kind: 'sync', request: {}, by: 'api', state: 'queued' },
  ...{ counts: emptyCounts(), queuedAt: '2026-03-15T08:00:00.000Z' },
};

/** The clock of the heartbeat: timers and `performance.now()` move together. */
let clock = 0;
beforeEach(() => {
  clock = 0;
  mock.method(performance, 'now', () => clock);
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  syncBuiltinESMExports();
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  syncBuiltinESMExports();
});

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    clock += 100;
    mock.timers.tick(100);
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A held lease in a store that fails while `broken` names the method. */
async function hold() {
  const memory = createMemoryStore();
  const broken = new Set<'get' | 'put' | 'remove'>();
  const fail = () => Promise.reject(new StoreError('unavailable', 'the store is away'));
  const store: Store = {
    ...memory,
    get: (...asked) => (broken.has('get') ? fail() : memory.get(...asked)),
    put: (...asked) => (broken.has('put') ? fail() : memory.put(...asked)),
    remove: (...asked) => (broken.has('remove') ? fail() : memory.remove(...asked)),
  };
  const value = { run, holder: 'this process', beat: 0 };
  const version = await memory.put(at, value, 'absent');
  assert.notEqual(version, 'stale');
  const lease: Lease = { at, version: Number(version), value };
  const problems: string[] = [];
  const held = startLeaseHeartbeat({ store, leaseMs, onError: (detail) => problems.push(detail) }, lease, runLeases);
  return { held, memory, broken, problems, stored: () => readLease(memory, at) };
}

function endOf(signal: AbortSignal): string | undefined {
  return signal.reason instanceof RunEnded ? signal.reason.reason : undefined;
}

test('the lease is renewed four times in its time', async () => {
  const { held, stored } = await hold();
  await pass(leaseMs);
  assert.equal((await stored())?.value.beat, 4);
  assert.equal(held.signal.aborted, false);
  await held.release();
});

test('a heartbeat that fails is tried again at the next one, and the lease is kept', async () => {
  const { held, broken, stored } = await hold();
  broken.add('put');
  await pass(beatMs);
  broken.clear();
  await pass(leaseMs);
  assert.equal(held.isLost(), false);
  assert.equal((await stored())?.value.beat, 4);
  await held.release();
});

test('a holder that cannot renew its lease gives up before another process may take it', async () => {
  const { held, broken } = await hold();
  broken.add('put');
  await pass(expiryMs - 100);
  assert.equal(held.isLost(), false);
  await pass(200);
  assert.equal(held.isLost(), true);
  assert.equal(endOf(held.signal), 'lost');
});

test('a lease that another process took is lost at the next heartbeat', async () => {
  const { held, memory, stored } = await hold();
  await memory.put(at, { run, holder: 'another process', beat: 7 });
  await pass(beatMs);
  assert.equal(endOf(held.signal), 'lost');
  await held.release();
  assert.equal((await stored())?.value.holder, 'another process');
});

test('a stop that another process asked for ends the run, and the lease stays held', async () => {
  const { held, memory } = await hold();
  await memory.put(at, { run, holder: 'this process', beat: 1, stop: true });
  await pass(beatMs);
  assert.equal(endOf(held.signal), 'stop');
  assert.equal(held.isLost(), false);
  await held.release();
});

test('a released lease is gone and is not renewed any more', async () => {
  const { held, stored } = await hold();
  await held.release();
  await pass(leaseMs);
  assert.equal(await stored(), undefined);
});

test('a release finds the lease also when another process has written into it', async () => {
  const { held, memory, stored } = await hold();
  await memory.put(at, { run, holder: 'this process', beat: 1, stop: true });
  await held.release();
  assert.equal(await stored(), undefined);
});

test('a lease that is handed over has no holder', async () => {
  const { held, stored } = await hold();
  await held.handOver();
  assert.equal((await stored())?.value.holder, UNHELD);
});

for (const [action, method] of [
  ['release', 'remove'],
  ['handOver', 'put'],
] as const) {
  test(`${action} is tried again until the store answers`, async () => {
    const { held, broken, problems, stored } = await hold();
    broken.add(method);
    const ended = held[action]();
    await pass(beatMs);
    broken.clear();
    await pass(beatMs);
    await ended;
    assert.notEqual((await stored())?.value.holder, 'this process');
    assert.equal(held.isLost(), false);
    assert.deepEqual(problems, []);
  });

  test(`${action} gives up when the lease is over, and reports it`, async () => {
    const { held, broken, problems } = await hold();
    broken.add(method);
    const ended = held[action]();
    await pass(leaseMs);
    await ended;
    assert.equal(held.isLost(), true);
    assert.deepEqual(problems, [
      'the lease of run run could not be released (the store is away); another process claims it once it has expired',
    ]);
  });
}
