/** What follows a message is a small run of its own: stored, one of each, and no hindrance to a sync. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { category, changeDelivery, id, product, reference } from '../fixtures/index.ts';
import type { TestEnv } from '../test-env.ts';
import { ended, inFlight, ownReplica, slowDown, startSlowTestEnv, until } from './replicas.ts';

const named = (name: string) => category({ id: id('c1'), name: { 'en-US': name }, ancestors: [], parent: undefined });

/** A category that Klaviyo has, and products. */
async function shopOf(testEnv: TestEnv): Promise<void> {
  const sold = Array.from({ length: 12 }, (_, n) => product({ id: id(`f${n.toString(16)}`) }));
  await testEnv.addRecords('category', named('Women'));
  await testEnv.addRecords('product', ...sold);
  await testEnv.sync('categories');
}

let version = 10;
async function rename(testEnv: TestEnv, name: string): Promise<number> {
  version += 1;
  await testEnv.addRecords('category', named(name));
  const answer = await testEnv.post('/', {
    ...changeDelivery('ResourceUpdated', reference('category', id('c1'))),
    version,
  });
  return answer.status;
}

test('what follows waits while a sync of the resource runs, equal ones are one, and then it runs', async () => {
  await using testEnv = await startSlowTestEnv();
  await shopOf(testEnv);
  const own = ownReplica(testEnv);
  const quick = await slowDown(testEnv, 'products', 300);
  const { run } = await own.post('products');
  await inFlight(own, run?.id);
  assert.deepEqual([await rename(testEnv, 'Ladies'), await rename(testEnv, 'She')], [204, 204]);
  const waiting = (await own.runs('products')).running.filter(({ kind }) => kind === 'follow-up');
  assert.deepEqual(
    waiting.map(({ state, by }) => [state, by]),
    [['queued', 'message']],
  );
  await quick();
  const sync = await ended(own, run?.id);
  const followed = await ended(own, waiting[0]?.id);
  assert.equal(followed.state, 'completed');
  assert.ok((followed.startedAt ?? '') >= (sync.endedAt ?? 'never'), 'the sync had ended before');
});

test('a sync is never rejected because of a follow-up run', async () => {
  await using testEnv = await startSlowTestEnv();
  await shopOf(testEnv);
  const own = ownReplica(testEnv);
  const quick = await slowDown(testEnv, 'products', 300);
  assert.equal(await rename(testEnv, 'Ladies'), 204);
  const small = await until(async () =>
    (await own.runs('products')).running.find(({ kind, state }) => kind === 'follow-up' && state === 'running'),
  );
  const answer = await own.post('products');
  assert.equal(answer.status, 202);
  await quick();
  assert.equal((await ended(own, answer.run?.id)).state, 'completed');
  assert.equal((await ended(own, small.id)).state, 'completed');
});
