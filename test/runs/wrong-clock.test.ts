/** Syncs of a process whose clock is hours off: they read by commercetools' clock. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { customer } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { ended, ownReplica, storeOf } from './replicas.ts';

const hourMs = 3_600_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const off = (hours: number) => ({ overrides: { now: () => new Date(Date.now() + hours * hourMs) } });

async function addChanged(testEnv: TestEnv, lastModifiedAt: string): Promise<void> {
  const id = randomUUID();
  await testEnv.addRecords('customer', customer({ id, email: `${id}@example.com`, addresses: [], lastModifiedAt }));
}

for (const hours of [5, -5])
  for (const env of [{}, { STORE: 'memory' }])
    test(`a clock that is ${hours} hours off, ${JSON.stringify(env)}: since "last" reads what changed, and no more`, async () => {
      await using testEnv = await startTestEnv({ ...off(hours), env });
      await addChanged(testEnv, ago(hourMs));
      await addChanged(testEnv, ago(2 * hourMs));
      const whole = await testEnv.sync('customers');
      assert.deepEqual([whole.counts.read, whole.counts.caughtUp], [2, 0]);
      const began = Date.parse(whole.checkpoint?.began ?? '');
      assert.ok(began <= Date.now() && began > Date.now() - 60_000);
      await addChanged(testEnv, new Date().toISOString());
      const changed = await testEnv.sync('customers', { since: 'last' });
      assert.deepEqual([changed.state, changed.counts.read], ['completed', 1]);
      const since = await testEnv.sync('customers', { since: ago(1.5 * hourMs) });
      assert.deepEqual([since.state, since.counts.read], ['completed', 2]);
    });

test('a stored start in the future is no "last", and a run that has one is read from its beginning', async () => {
  await using testEnv = await startTestEnv({ settings: { runs: { checkpointSeconds: 0.05, leaseSeconds: 1 } } });
  await addChanged(testEnv, ago(hourMs));
  const run = await testEnv.sync('customers');
  const began = ago(-5 * hourMs);
  const counts = { ...run.counts };
  const checkpoint = { began, ranges: [{ done: true }], counts };
  const store = storeOf(testEnv);
  const put = (fields: object) =>
    store.put(
      { container: 'ctk-runs', key: run.id },
      { run: { ...run, checkpoint, ...fields }, point: { checkpoint, counts } },
    );
  await put({});
  const own = ownReplica(testEnv);
  assert.equal((await own.post('customers', { since: 'last' })).status, 400);
  await put({ state: 'stopped' });
  const resumed = await own.post('customers', { resume: true });
  const whole = await ended(own, resumed.run?.id);
  assert.deepEqual([whole.state, whole.counts.read], ['completed', 1]);
  assert.ok(Date.parse(whole.checkpoint?.began ?? '') <= Date.now());
});
