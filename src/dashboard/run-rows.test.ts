/** Tests runs as they are shown: latest sync by resource, totals, phases and log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bulkResources } from '../commercetools/schemas.ts';
import { createRun, hasEnded, type Run } from '../engine/runs/run.ts';
import { createRunLog } from './run-log.ts';
import { createRunRows } from './run-rows.ts';

const now = () => new Date('2026-03-15T08:00:00Z');

function run(part: Partial<Run>): Run {
  return { ...createRun({ resource: 'products', kind: 'sync', request: {}, by: 'api', now: now() }), ...part };
}

function rowsOf(runs: Run[], count = 10) {
  const runLog = createRunLog(now);
  const list = async () => [...runs.filter((each) => !hasEnded(each)), ...runs.filter(hasEnded)];
  const get = async (id: string) => runs.find((each) => each.id === id);
  return {
    runLog,
    ...createRunRows({ runs: { list, get }, syncable: bulkResources, countOf: async () => count, runLog, now }),
  };
}

const counts = (part: Partial<Run['counts']>) => ({ ...run({}).counts, ...part });

test('the latest sync is found behind any number of follow-ups', async () => {
  const followUps = Array.from({ length: 200 }, () => run({ kind: 'follow-up', state: 'completed' }));
  const sync = run({ state: 'stopped', endedAt: '2026-03-15T07:00:00Z' });
  const completed = run({ state: 'completed', endedAt: '2026-03-14T07:00:00Z' });
  const syncs = await rowsOf([...followUps, sync, completed]).syncs();
  const products = syncs.resources.find(({ resource }) => resource === 'products');
  assert.deepEqual([products?.last?.id, products?.lastCompleted], [sync.id, completed.endedAt]);
  assert.deepEqual(
    syncs.ended.map(({ kind }) => kind),
    ['sync', 'sync'],
  );
  assert.equal(syncs.followUps.ended.length, 50);
});

test('the total includes records that were created meanwhile, and is unknown for a part of the records', async () => {
  const running = run({ state: 'running', counts: counts({ read: 14, caughtUp: 2 }) });
  const since = run({ state: 'running', request: { since: '2026-03-01T00:00:00Z' } });
  const ids = run({ state: 'running', request: { ids: ['a', 'b'] } });
  const rows = rowsOf([running, since, ids]);
  const totals = await Promise.all([running, since, ids].map(async ({ id }) => (await rows.detail(id))?.run.total));
  assert.deepEqual(totals, [12, undefined, 2]);
});

test('phases follow the checkpoint and the counts', async () => {
  const began = now().toISOString();
  const checkpoint = (done: boolean) => ({ began, ranges: [{ done }], counts: counts({}) });
  const pass = { since: began, until: began };
  const phases = [
    run({ state: 'queued' }),
    run({ state: 'running' }),
    run({ state: 'running', checkpoint: checkpoint(false) }),
    run({ state: 'running', counts: counts({ read: 2, delivered: 1 }), checkpoint: checkpoint(true) }),
    run({ state: 'running', checkpoint: { ...checkpoint(true), pass } }),
  ];
  const rows = rowsOf(phases);
  const shown = await Promise.all(phases.map(async ({ id }) => (await rows.detail(id))?.run.phase));
  assert.deepEqual(shown, ['queued', 'starting', 'reading', 'delivering', 'reading changes made meanwhile']);
});

test('the log of a run holds its states; an unknown run has no detail', async () => {
  const failed = run({ state: 'failed', problem: 'too many errors' });
  const { runLog, detail } = rowsOf([failed]);
  const { id: runId, resource, kind } = failed;
  runLog.record({ type: 'run', runId, resource, kind, state: 'running', read: 0 });
  runLog.record({ type: 'run', runId, resource, kind, state: 'failed', read: 3, problem: 'too many errors' });
  assert.deepEqual(
    (await detail(runId))?.log.map(({ tone, text }) => [tone, text]),
    [
      ['quiet', 'running, 0 read'],
      ['bad', 'failed, 3 read: too many errors'],
    ],
  );
  assert.equal(await detail('no-such-run'), undefined);
});
