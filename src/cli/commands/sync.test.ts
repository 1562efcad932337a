/** Tests that Ctrl-C stops the run of `ctk sync`, at any time and also while the store is unavailable. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pc from 'picocolors';
import pino from 'pino';
import { addCustomers, startSlowTestEnv } from '../../../test/runs/replicas.ts';
import type { TestEnv } from '../../../test/test-env.ts';
import { createService } from '../../app/service.ts';
import { readConfig } from '../../config/config.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { StoreError } from '../../store/store.ts';
import type { Terminal } from '../output/terminal.ts';
import { sync } from './sync.ts';

let testEnv: TestEnv;
before(async () => {
  testEnv = await startSlowTestEnv();
  await addCustomers(testEnv, 30);
});
after(() => testEnv.stop());

function start() {
  const problems: string[] = [];
  const shown: (() => void)[] = [];
  const terminal: Terminal = {
    interactive: false,
    logOutput: { write: () => undefined, flush: async () => undefined },
    colors: pc.createColors(false),
    line: () => shown.shift()?.(),
    json: () => undefined,
    problem: (text) => problems.push(text),
  };
  const overrides = { store: createMemoryStore(), claim: 'own' } as const;
  const app = createService(readConfig(testEnv.env), pino({ level: 'silent' }), overrides);
  return { app, terminal, problems, shown };
}

test('Ctrl-C before the run has begun stops it', async () => {
  const { app, terminal } = start();
  const options = { backfill: true };
  const run = await sync(app, { resource: 'customers', options, signal: AbortSignal.abort(), terminal });
  await app.stop();
  assert.equal(run.state, 'stopped');
});

test('Ctrl-C while the store is unavailable prints the reason, and the run continues', async () => {
  const { app, terminal, problems, shown } = start();
  const stop = new AbortController();
  shown.push(() => stop.abort());
  const { runs } = app;
  runs.stop = () => Promise.reject(new StoreError('unavailable', 'the store is unavailable'));
  const options = { backfill: true };
  const run = await sync(app, { resource: 'customers', options, signal: stop.signal, terminal });
  await app.stop();
  assert.equal(run.state, 'completed');
  assert.deepEqual(problems, ["the sync of customers can't be stopped now: the store is unavailable"]);
});
