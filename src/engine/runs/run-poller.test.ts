/** Tests that no follow-up is lost where a process ends between claiming one and removing it from the queue. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore } from '../../store/memory.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { createAppEvents } from '../../telemetry/app-events.ts';
import { createFollowUpQueue } from './follow-ups.ts';
import { createRunPoller } from './run-poller.ts';
import { createRunStore } from './run-store.ts';
import type { RunExecution } from './run-worker.ts';

const silent = Object.assign(Object.create(null), { isLevelEnabled: () => false });
const leaseMs = 80;

function startPoller(store: Store, execute: (execution: RunExecution) => Promise<void>) {
  const deps = { store, runStore: createRunStore(store, 10), events: createAppEvents(silent), now: () => new Date() };
  const poller = createRunPoller({
    ...deps,
    execute,
    checkpointMs: 10,
    leaseMs,
    runKinds: ['follow-up'],
    claim: 'any',
  });
  poller.open();
  return poller;
}

test('a change that is merged into a follow-up whose removal from the queue failed is read', async (t) => {
  const memory = createMemoryStore();
  let isAway = true;
  const store: Store = {
    ...memory,
    async remove(at, version) {
      if (isAway && at.key.startsWith('queued-')) throw new StoreError('unavailable', 'away');
      return memory.remove(at, version);
    },
  };
  const followUps = createFollowUpQueue({ store, now: () => new Date() });
  const followUp = { resource: 'products', where: 'categories(id = "c1")', reason: 'category renamed' } as const;
  let changes = 0;
  const read: number[] = [];
  await followUps.add(followUp);
  const poller = startPoller(store, async () => {
    read.push(changes);
    if (read.length > 1) return;
    // Another message about the same category, after the products were read.
    isAway = false;
    changes += 1;
    await followUps.add(followUp);
  });
  t.after(() => poller.shutdown());
  const deadline = performance.now() + 30_000;
  while (read.length < 2 && performance.now() < deadline) await sleep(10);
  assert.deepEqual(read, [0, 1]);
});
