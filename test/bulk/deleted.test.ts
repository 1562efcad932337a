/** Old data can't come back: not by a page that was read before a deletion, not by a late message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeDelivery, id, product, reference } from '../fixtures/index.ts';
import { ended, inFlight, ownReplica, slowDown, startSlowTestEnv } from '../runs/replicas.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const about = reference('product', id('f1'));
let version = 10;

function sendMessage(testEnv: TestEnv, notificationType: string): Promise<Response> {
  version += 1;
  return testEnv.post('/', { ...changeDelivery(notificationType, about), version });
}

test('a product that is deleted while a sync that has read it goes on stays deleted', async () => {
  await using testEnv = await startSlowTestEnv();
  await testEnv.addRecords('product', product({ id: id('f1') }));
  await testEnv.sync('products');
  const own = ownReplica(testEnv);
  // The page is read; what else has to be known of it comes late.
  const quick = await slowDown(testEnv, 'inventory', 1_500);
  const { run } = await own.post('products', { force: true });
  await inFlight(own, run?.id);
  testEnv.shop.records.remove('product', id('f1'));
  assert.equal((await sendMessage(testEnv, 'ResourceDeleted')).status, 204);
  assert.deepEqual(await testEnv.items(), []);
  await quick();
  assert.equal((await ended(own, run?.id)).state, 'completed');
  assert.deepEqual([await testEnv.items(), await testEnv.variants()], [[], []]);
});

test('a late change of a product that is deleted does not bring it back', async () => {
  await using testEnv = await startTestEnv();
  await testEnv.addRecords('product', product({ id: id('f1') }));
  await testEnv.sync('products');
  testEnv.shop.records.remove('product', id('f1'));
  assert.equal((await sendMessage(testEnv, 'ResourceDeleted')).status, 204);
  assert.equal((await sendMessage(testEnv, 'ResourceUpdated')).status, 204);
  assert.deepEqual(await testEnv.items(), []);
});

test('an unreadable record becomes a dead letter, and the sync continues', async () => {
  await using testEnv = await startTestEnv();
  const odd = { ...product({ id: id('f2') }), masterData: 'not an object' };
  await testEnv.addRecords('product', product({ id: id('f1') }), odd);
  const run = await testEnv.sync('products');
  assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', 1, 1]);
  const [letter, ...others] = await Array.fromAsync(testEnv.app.deadLetters.list());
  assert.deepEqual([letter?.code, letter?.record?.id, others.length], ['unreadable', id('f2'), 0]);
});
