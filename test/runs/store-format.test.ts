/** A service starts over a store that version 0.1.0-36ad355 (format 1) wrote, as in a rolling update. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { z } from 'zod';
import { createService } from '../../src/app/service.ts';
import { createCommercetoolsClient } from '../../src/commercetools/client.ts';
import { createObjectsApi } from '../../src/commercetools/objects-api.ts';
import { readConfig } from '../../src/config/config.ts';
import { hasEnded } from '../../src/engine/runs/run.ts';
import { createCustomObjectsStore } from '../../src/store/custom-objects.ts';
import { order } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const fixture = z
  .object({
    objects: z.array(z.object({ container: z.string(), key: z.string(), value: z.looseObject({ data: z.unknown() }) })),
  })
  .parse(JSON.parse(readFileSync(new URL('../fixtures/store-format-1.json', import.meta.url), 'utf8')));

/** How format 1 reads a run; a process of the previous version must be able to read what this one stores. */
const formatOneRun = z.object({ id: z.string(), kind: z.enum(['sync', 'follow']), state: z.string() });

/** A world whose project already holds the objects of format 1, and a service that starts over them. */
async function startOver() {
  const testEnv = await startTestEnv({ env: { APP_TYPE: 'EVENT', RUN_WORKER: 'false' } });
  const config = readConfig({
    ...testEnv.env,
    APP_TYPE: 'BULK_IMPORT',
    RUN_WORKER: 'true',
    NODE_CONFIG: JSON.stringify({ runs: { leaseSeconds: 1, checkpointSeconds: 0.05 } }),
  });
  const client = createCommercetoolsClient(config.commercetools);
  for (const { container, key, value } of fixture.objects)
    await client.post('custom-objects', { container, key, value });
  const service = createService(config, pino({ level: 'silent' }));
  const store = createCustomObjectsStore(createObjectsApi(client));
  return { testEnv, service, store };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50);
}

const causeOf = (type: 'message' | 'run', letters: readonly { cause?: { type: string } | undefined }[]) =>
  letters.filter(({ cause }) => cause?.type === type).length;

async function valuesOf(testEnv: TestEnv, container: string): Promise<unknown[]> {
  const config = readConfig(testEnv.env);
  const store = createCustomObjectsStore(createObjectsApi(createCommercetoolsClient(config.commercetools)));
  return Array.fromAsync(store.list(container), ({ value }) => value);
}

test('runs, leases, dead letters and accepted jobs of format 1 are read and continued', async () => {
  const { testEnv, service, store } = await startOver();
  await using _world = testEnv;
  const before = await service.runs.list();
  assert.equal(before.filter(({ kind }) => kind === 'follow-up').length, 2);
  assert.ok(before.some(({ state, checkpoint }) => state === 'running' && checkpoint !== undefined));

  const letters = await Array.fromAsync(service.deadLetters.list());
  assert.equal(letters.length, fixture.objects.filter(({ container }) => container === 'ctk-dead-letters').length);
  assert.ok(causeOf('message', letters) > 0 && causeOf('run', letters) > 0);

  await service.start();
  // Expired and queued leases are claimed, and their runs end.
  await until(async () => (await service.runs.list()).every(hasEnded));
  const ended = await service.runs.list();
  assert.ok(
    ended.some(({ resource, state }) => resource === 'products' && state === 'stopped'),
    'a requested stop holds',
  );
  assert.ok(
    ended.some(({ kind, resource, state }) => kind === 'follow-up' && resource === 'products' && state === 'completed'),
  );

  // The job of a dead process is recovered, and its object deleted.
  await until(async () => (await Array.fromAsync(store.list('ctk-jobs'))).length === 0);

  const placed = letters.find(({ rule, cause }) => rule === 'placed-order' && cause?.type === 'message');
  assert.ok(placed?.record);
  await testEnv.addRecords('order', order({ id: placed.record.id }));
  assert.deepEqual(await service.replay.one(placed), { outcome: 'delivered' });
  await service.stop();
});

test('what is stored says format 2, and its runs and leases stay readable for format 1', async () => {
  const { testEnv, service, store } = await startOver();
  await using _world = testEnv;
  await service.start();
  await until(async () => (await service.runs.list()).every(hasEnded));
  const stored = z.array(z.object({ run: z.looseObject({ format: z.number().optional() }) }));
  const runs = stored.parse(await valuesOf(testEnv, 'ctk-runs')).map(({ run }) => run);
  assert.ok(runs.some(({ format }) => format === 2));
  for (const run of runs) formatOneRun.parse(run);

  await service.deadLetters.store({ rule: 'placed-order', code: 'invalid', detail: '' });
  const letters = z
    .array(z.looseObject({ format: z.number().optional() }))
    .parse(await valuesOf(testEnv, 'ctk-dead-letters'));
  assert.ok(letters.some(({ format }) => format === 2));
  assert.deepEqual(await Array.fromAsync(store.list('ctk-work')), []);
  await service.stop();
});

test('a lease of another shape is not overwritten: a sync is refused, with what to do', async () => {
  const { testEnv, service, store } = await startOver();
  await using _world = testEnv;
  const at = { container: 'ctk-work', key: 'sync-orders' };
  const unknown = { of: 'a newer version' };
  await store.put(at, unknown, (await store.get(at))?.version ?? 'absent');
  const started = await service.runs.start('orders', {}, 'api', true);
  assert.match('refused' in started ? started.refused : '', /ctk-work\/sync-orders .* delete this custom object/);
  assert.deepEqual((await store.get(at))?.value, unknown);
});
