/** Syncs with every way in which custom objects may treat version 0, and with a store that rejects every write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commercetoolsVariants } from '../../sandbox/commercetools/behaviours.ts';
import { customer } from '../fixtures/index.ts';
import { startTestEnv } from '../test-env.ts';
import { ownReplica } from './replicas.ts';

for (const versionZero of commercetoolsVariants.versionZero)
  for (const versionZeroOfAbsent of commercetoolsVariants.versionZeroOfAbsent)
    test(`a sync completes with version 0: ${versionZero}, of an absent object: ${versionZeroOfAbsent}`, async () => {
      await using testEnv = await startTestEnv({ commercetools: { versionZero, versionZeroOfAbsent } });
      await testEnv.addRecords('customer', customer());
      const run = await testEnv.sync('customers');
      assert.deepEqual([run.state, run.counts.delivered], ['completed', 1]);
    });

test('a store that rejects every write is answered 503 with the reason', async () => {
  await using testEnv = await startTestEnv();
  const body = { errors: [{ code: 'InvalidInput', message: 'no' }] };
  testEnv.shop.faults.add({ path: '/shop/custom-objects', method: 'POST', kind: 'status', status: 400, body });
  const { status, error } = await ownReplica(testEnv).post('customers');
  assert.equal(status, 503);
  assert.match(error ?? '', /commercetools answered 400/);
});
