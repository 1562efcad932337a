/** Tests how long an accepted job stays stored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createMemoryStore } from '../../store/memory.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { acceptedJobsContainer, type ChangeOrigin, createAcceptedJobs } from './accepted-jobs.ts';

const origin: ChangeOrigin = {
  record: { typeId: 'product', id: 'p1' },
  rule: 'item',
  cause: { type: 'run', runId: 'r1', backfill: true },
};

test('a change with records in several jobs leaves none of them stored', async () => {
  const store = createMemoryStore();
  const acceptedJobs = createAcceptedJobs({ store, now: () => new Date() });
  await Promise.all([
    acceptedJobs.accepted({ endpoint: 'getVariantCreation', id: 'j1' }, [origin]),
    acceptedJobs.accepted({ endpoint: 'getVariantUpdate', id: 'j2' }, [origin]),
  ]);
  acceptedJobs.settled(origin);
  await turn();
  assert.deepEqual(await Array.fromAsync(store.list(acceptedJobsContainer), ({ key }) => key), []);
});

test('a job that could not be stored leaves the other one of its change to be removed', async () => {
  const memory = createMemoryStore();
  const store: Store = {
    ...memory,
    async put(at, value, version) {
      if (at.key.includes('j2')) throw new StoreError('unavailable', 'away');
      return memory.put(at, value, version);
    },
  };
  const acceptedJobs = createAcceptedJobs({ store, now: () => new Date() });
  await acceptedJobs.accepted({ endpoint: 'getVariantCreation', id: 'j1' }, [origin]);
  await assert.rejects(acceptedJobs.accepted({ endpoint: 'getVariantUpdate', id: 'j2' }, [origin]), StoreError);
  acceptedJobs.settled(origin);
  await turn();
  assert.deepEqual(await Array.fromAsync(store.list(acceptedJobsContainer), ({ key }) => key), []);
});
