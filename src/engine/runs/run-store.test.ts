/** Tests the store of runs: its order, which runs are pruned, and from which point a run goes on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { newCheckpoint } from './checkpoint.ts';
import type { Run } from './run.ts';
import { emptyCounts } from './run-counts.ts';
import { createRunStore, resumePointOf, withResumePoint } from './run-store.ts';

const anyTime = new Date('2100-01-01');
const began = (number: number) => new Date(Date.UTC(2026, 2, 1, 0, number)).toISOString();

/** Runs get ids in the order of their numbers. */
function runOf(number: number, more: Partial<Run> = {}): Run {
  return {
    ...{ id: `run-${String(number).padStart(3, '0')}`, resource: 'orders', kind: 'sync', request: {}, by: 'api' },
    ...{ state: 'completed', counts: emptyCounts(), queuedAt: began(number) },
    checkpoint: newCheckpoint({ began: began(number), ranges: 1 }),
    ...more,
  };
}

const deletion: Partial<Run> = { request: { deleteAll: true }, counts: { ...emptyCounts(), read: 9, delivered: 9 } };

async function recordsOf(kept: number, runs: readonly Run[]) {
  const store = createMemoryStore();
  const records = createRunStore(store, kept);
  for (const run of runs) await records.put(run, resumePointOf(run));
  return { store, records, ids: async () => (await records.list()).map(({ run }) => Number(run.id.slice(4))) };
}

describe('list', () => {
  test('has the latest run first', async () => {
    const { ids } = await recordsOf(10, [runOf(2), runOf(1), runOf(3)]);
    assert.deepEqual(await ids(), [3, 2, 1]);
  });

  test('passes over records that cannot be read', async () => {
    const { store, records, ids } = await recordsOf(10, [runOf(1)]);
    await store.put({ container: 'ctk-runs', key: 'run-002' }, { run: 'of another version' });
    assert.deepEqual(await ids(), [1]);
    assert.equal(await records.get('run-002'), undefined);
    assert.equal(await records.versionOf('run-002'), 1);
    assert.equal(await records.versionOf('run-003'), 'absent');
  });
});

describe('pruning', () => {
  test('keeps the latest ended runs', async () => {
    const { records, ids } = await recordsOf(
      2,
      [1, 2, 3, 4].map((number) => runOf(number)),
    );
    await records.prune();
    assert.deepEqual(await ids(), [4, 3]);
  });

  test('keeps as many of each resource and kind', async () => {
    const follow = { kind: 'follow-up', request: { where: 'x' } } as const;
    const { records, ids } = await recordsOf(1, [
      ...[runOf(1), runOf(2, { resource: 'products' }), runOf(3, follow)],
      ...[runOf(4), runOf(5, { resource: 'products' }), runOf(6, follow)],
    ]);
    await records.prune();
    assert.deepEqual(await ids(), [6, 5, 4]);
  });

  test('keeps the latest complete sync, however many ended after it', async () => {
    const { records, ids } = await recordsOf(2, [
      ...[runOf(1), runOf(2), runOf(3, { state: 'stopped' }), runOf(4, { state: 'failed' })],
      runOf(5, { request: { ids: ['a'] } }),
    ]);
    await records.prune();
    assert.deepEqual(await ids(), [5, 4, 2]);
    assert.equal(await records.lastCompleteSince('orders', anyTime), began(2));
  });

  test('keeps a deletion of all records rather than the complete sync before it', async () => {
    const { records, ids } = await recordsOf(1, [
      ...[runOf(1), runOf(2, deletion), runOf(3, { request: { ids: ['a'] } }), runOf(4, { request: { ids: ['a'] } })],
    ]);
    await records.prune();
    assert.deepEqual(await ids(), [4, 2]);
    assert.equal(await records.lastCompleteSince('orders', anyTime), undefined);
  });

  test('keeps runs that have not ended', async () => {
    const { records, ids } = await recordsOf(1, [
      ...[runOf(1, { state: 'paused' }), runOf(2, { state: 'queued' }), runOf(3), runOf(4)],
    ]);
    await records.prune();
    assert.deepEqual(await ids(), [4, 2, 1]);
  });
});

describe('the last sync', () => {
  test('is the latest that has ended, of the resource, and no follow-up run', async () => {
    const { records } = await recordsOf(10, [
      ...[runOf(1), runOf(2, { state: 'stopped' }), runOf(3, { kind: 'follow-up' })],
      ...[runOf(4, { resource: 'products' }), runOf(5, { state: 'running' })],
    ]);
    assert.equal((await records.lastSync('orders'))?.run.id, 'run-002');
    assert.equal(await records.lastSync('customers'), undefined);
  });

  for (const [what, partial] of Object.entries<Partial<Run>>({
    'that was stopped': { state: 'stopped' },
    'that failed': { state: 'failed' },
    'that runs': { state: 'running' },
    'of chosen ids': { request: { ids: ['a'] } },
    'from an id on': { request: { startId: 'a' } },
    'that deleted everything': { request: { deleteAll: true } },
    'that left a gap': { gap: true },
    'of a message': { kind: 'follow-up' },
  })) {
    test(`a sync ${what} is not complete`, async () => {
      const { records } = await recordsOf(10, [runOf(1), runOf(2, partial)]);
      assert.equal(await records.lastCompleteSince('orders', anyTime), began(1));
    });
  }

  test('what was deleted since is not complete any more, until it is synced again', async () => {
    const { records } = await recordsOf(10, [runOf(1), runOf(2, deletion), runOf(3, { resource: 'products' })]);
    assert.equal(await records.lastCompleteSince('orders', anyTime), undefined);
    assert.deepEqual([await records.wasDeleted('orders'), await records.wasDeleted('products')], [true, false]);
    await records.put(runOf(4), resumePointOf(runOf(4)));
    assert.equal(await records.lastCompleteSince('orders', anyTime), began(4));
    assert.equal(await records.wasDeleted('orders'), false);
  });

  test('a sync since the last one is complete', async () => {
    const { records } = await recordsOf(10, [runOf(1), runOf(2, { request: { since: began(1) } })]);
    assert.equal(await records.lastCompleteSince('orders', anyTime), began(2));
  });
});

describe('the point of a run', () => {
  const running = runOf(1, { state: 'running', counts: { ...emptyCounts(), read: 50, delivered: 40 } });

  test('has the counts of the checkpoint, not those of what was read behind it', () => {
    const counts = { ...emptyCounts(), read: 30, delivered: 30 };
    const checkpoint = { ...newCheckpoint({ began: began(1), ranges: 1 }), counts };
    const point = resumePointOf({ ...running, checkpoint });
    assert.deepEqual(point, { checkpoint, counts });
    assert.deepEqual(withResumePoint({ ...running, checkpoint }, point).counts, counts);
  });

  test('does not change with the run', () => {
    const run = structuredClone(running);
    const point = resumePointOf(run);
    if (run.checkpoint) run.checkpoint.counts.read += 100;
    assert.equal(point.checkpoint?.counts.read, 0);
  });

  test('of a run without a checkpoint has its counts', () => {
    const { checkpoint: _none, ...run } = running;
    assert.deepEqual(resumePointOf(run), { counts: run.counts });
    assert.equal(withResumePoint(running, resumePointOf(run)).checkpoint, undefined);
  });
});

test('a write with a stale version changes nothing', async () => {
  const { records } = await recordsOf(10, [runOf(1)]);
  assert.equal(await records.put(runOf(1, { state: 'failed' }), { counts: emptyCounts() }, 7), 'stale');
  assert.equal(await records.put(runOf(1, { state: 'failed' }), { counts: emptyCounts() }, 'absent'), 'stale');
  assert.equal((await records.get('run-001'))?.run.state, 'completed');
});
