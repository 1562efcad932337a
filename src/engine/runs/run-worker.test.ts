/** Tests what is known of a run between the end of its execution and the release of its lease. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import type { Store } from '../../store/store.ts';
import { createAppEvents } from '../../telemetry/app-events.ts';
import { RunFailed } from './errors.ts';
import { leaseKey, putLease } from './lease.ts';
import { createRun, type Run } from './run.ts';
import { createRunStore } from './run-store.ts';
import { createRunWorker, type RunExecution } from './run-worker.ts';

const at = leaseKey('sync', 'orders');
const silent = Object.assign(Object.create(null), { isLevelEnabled: () => false });

/** Holds back a call until it is let go. */
function gate() {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  return {
    async pass(): Promise<void> {
      reached.resolve();
      await opened.promise;
    },
    reached: reached.promise,
    open: () => opened.resolve(),
  };
}

function start(change: (store: Store) => Partial<Store>, execute: (execution: RunExecution) => Promise<void>) {
  const memory = createMemoryStore();
  const store = { ...memory, ...change(memory) };
  const runStore = createRunStore(store, 10);
  const deps = { store, runStore, events: createAppEvents(silent), execute, now: () => new Date() };
  const worker = createRunWorker({ ...deps, checkpointMs: 10, leaseMs: 60_000 }, () => undefined);
  return {
    worker,
    runStore,
    /** Claims the lease of the resource for a new sync, also from another holder. */
    async begin() {
      const run: Run = createRun({ resource: 'orders', kind: 'sync', request: {}, by: 'api', now: new Date() });
      const value = { run, beat: 0, holder: run.id };
      const version = await putLease(store, at, value, (await store.get(at))?.version ?? 'absent');
      assert.ok(version !== 'stale');
      return worker.begin({ at, version, value });
    },
  };
}

for (const [state, problem, execute] of [
  ['completed', undefined, async () => undefined],
  ['failed', 'too many errors', () => Promise.reject(new RunFailed('too many errors'))],
] as const)
  test(`a run is shown as ${state} once that is stored, and can't be stopped before`, async () => {
    const storing = gate();
    const { worker, runStore, begin } = start(
      (memory) => ({
        async put(key, value, version) {
          if (JSON.stringify(value).includes(`"state":"${state}"`)) await storing.pass();
          return memory.put(key, value, version);
        },
      }),
      execute,
    );
    const active = await begin();
    await storing.reached;
    active.end('stop');
    assert.deepEqual([active.run.state, active.run.endedAt, active.run.problem], ['running', undefined, undefined]);
    storing.open();
    await active.ended;
    assert.deepEqual([active.run.state, active.run.problem], [state, problem]);
    assert.deepEqual((await runStore.get(active.run.id))?.run, active.run);
    assert.deepEqual(worker.active(), []);
  });

test('a run that is waited for does not keep the next one of its resource from being known', async () => {
  const releasing = gate();
  const executing = gate();
  let executed = 0;
  const { worker, begin } = start(
    (memory) => ({
      async remove(key, version) {
        if (key.key === at.key && executed === 1) await releasing.pass();
        return memory.remove(key, version);
      },
    }),
    async () => {
      executed += 1;
      if (executed === 2) await executing.pass();
    },
  );
  const first = await begin();
  await releasing.reached;
  assert.equal(first.run.state, 'completed');
  const second = await begin();
  await executing.reached;
  const known = () => worker.active().map(({ run }) => run.id);
  assert.deepEqual(known(), [first.run.id, second.run.id], 'both are waited for');
  releasing.open();
  await first.ended;
  assert.deepEqual(known(), [second.run.id]);
  executing.open();
  await second.ended;
  assert.deepEqual(known(), []);
});
