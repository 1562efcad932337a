/** Tests when the records of an orphaned job that never ends are sent again. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore } from '../../store/memory.ts';
import { storedFormat } from '../../store/store.ts';
import { acceptedJobsContainer, type ChangeOrigin } from './accepted-jobs.ts';
import { createOrphanedJobs } from './orphaned-jobs.ts';

const now = new Date('2026-03-15T12:00:00.000Z');
const origin: ChangeOrigin = {
  record: { typeId: 'customer', id: 'c1' },
  rule: 'profile',
  cause: { type: 'run', runId: 'r1', backfill: true },
};

/** A dead process left a job that is in progress for ever. */
async function start(t: TestContext, stored: object, maxJobMs: number) {
  const store = createMemoryStore();
  const job = { endpoint: 'getProfileImport', id: 'j1' };
  const at = { container: acceptedJobsContainer, key: 'getProfileImport-j1-0' };
  await store.put(at, { format: storedFormat, job, records: [origin], ...stored });
  let polls = 0;
  const resent: ChangeOrigin[] = [];
  const orphanedJobs = createOrphanedJobs({
    ...{ store, orphanedAfterMs: 20, maxJobMs, now: () => now },
    acceptedJobs: { isOwn: () => false },
    events: { emit: () => undefined, counts: () => ({}), listen: () => () => undefined },
    async jobState() {
      polls += 1;
      return 'in-progress';
    },
    async resend(one) {
      resent.push(one);
      return true;
    },
  });
  orphanedJobs.open();
  t.after(() => orphanedJobs.shutdown());
  return { store, at, resent, polls: () => polls };
}

const hourMs = 3_600_000;

test('it counts from when the job was accepted', async (t) => {
  const acceptedAt = new Date(now.getTime() - 7 * hourMs).toISOString();
  const { store, at, resent } = await start(t, { acceptedAt }, 6 * hourMs);
  while (await store.get(at)) await sleep(5);
  assert.deepEqual(resent, [origin]);
});

test('before that the job is left alone, as is one of an earlier version, which does not say it', async (t) => {
  const acceptedAt = new Date(now.getTime() - 5 * hourMs).toISOString();
  for (const stored of [{ acceptedAt }, {}]) {
    const { store, at, resent, polls } = await start(t, stored, 6 * hourMs);
    while (polls() < 3) await sleep(5);
    assert.deepEqual(resent, []);
    assert.ok(await store.get(at));
  }
});

test('a job of an earlier version counts from when this process first saw it', async (t) => {
  const { store, at, resent } = await start(t, {}, 100);
  while (await store.get(at)) await sleep(5);
  assert.deepEqual(resent, [origin]);
});
