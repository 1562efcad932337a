/** Tests that the last change of a run is stored although none follows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore } from '../../store/memory.ts';
import { createRun, type Run } from './run.ts';
import { createRunRecorder } from './run-recorder.ts';
import { createRunStore, resumePointOf } from './run-store.ts';

async function start(checkpointMs: number) {
  const runStore = createRunStore(createMemoryStore(), 10);
  const run: Run = createRun({ resource: 'orders', kind: 'sync', request: {}, by: 'api', now: new Date() });
  const version = await runStore.put(run, resumePointOf(run), 'absent');
  assert.ok(version !== 'stale');
  const failed = () => assert.fail();
  const deps = { runStore, run, point: resumePointOf(run), version, checkpointMs, onLost: failed, onError: failed };
  return { run, recorder: createRunRecorder(deps), stored: async () => (await runStore.get(run.id))?.run };
}

/** A pause soon after the record was stored. */
function pause(run: Run): void {
  run.state = 'paused';
  run.problem = 'no response';
}

test('a pause that comes soon after a write, and that nothing follows, is stored', async () => {
  const { run, recorder, stored } = await start(20);
  pause(run);
  recorder.markDirty();
  assert.equal((await stored())?.state, 'queued');
  while ((await stored())?.state !== 'paused') await sleep(5);
  assert.equal((await stored())?.problem, 'no response');
});

test('nothing is stored any more once the recorder is closed', async () => {
  const { run, recorder, stored } = await start(20);
  pause(run);
  recorder.markDirty();
  recorder.close();
  recorder.markDirty();
  await sleep(60);
  assert.equal((await stored())?.state, 'queued');
});
