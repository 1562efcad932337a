/** Tests the states of bulk jobs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createJobs } from './jobs.ts';

const done = { failures: [], recordIds: [] };

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('a job ends as complete also when the event loop was blocked until all of its steps were due', async () => {
  const behaviours = { catalogJobRecords: 'on-completion' } as const;
  const jobs = createJobs({ jobMs: 900, failsRecord: () => false, behaviours });
  const start = () => jobs.startImport('profile-bulk-import-job', 1, () => done);
  // Timers of one duration fire together: those of the first job may take those of the second one along.
  const first = start();
  while (first.status === 'queued') await sleep(5);
  block(450);
  // The event loop has to see the present time before the next job starts.
  await sleep(1);
  const second = start();
  block(1_200);
  await sleep(900);
  assert.deepEqual([first.status, second.status], ['complete', 'complete']);
});
