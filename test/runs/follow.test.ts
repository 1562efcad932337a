/** What follows a message is a small run of its own: stored, one of each, and no hindrance to a sync. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseKey } from '../../src/engine/runs/lease.ts';
import { createRun, toStoredRun } from '../../src/engine/runs/run.ts';
import { category, changeDelivery, id, product, reference } from '../fixtures/index.ts';
import type { TestEnv } from '../test-env.ts';
import {
  ended,
  inFlight,
  ownReplica,
  type Replica,
  slowDown,
  startReplica,
  startSlowTestEnv,
  storeOf,
  until,
} from './replicas.ts';

const named = (name: string) => category({ id: id('c1'), name: { 'en-US': name }, ancestors: [], parent: undefined });

/** A category and products. */
async function prepare(testEnv: TestEnv): Promise<void> {
  const sold = Array.from({ length: 12 }, (_, n) => product({ id: id(`f${n.toString(16)}`) }));
  await testEnv.addRecords('category', named('Women'));
  await testEnv.addRecords('product', ...sold);
}

/** A category that Klaviyo has, and products. */
async function shopOf(testEnv: TestEnv): Promise<void> {
  await prepare(testEnv);
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

/** A service for messages alone; syncs are executed by a process that executes nothing else, like `ctk sync`. */
async function startRealtimeAlone() {
  const testEnv = await startSlowTestEnv({ env: { APP_TYPE: 'EVENT' } });
  const command = await startReplica(testEnv, { APP_TYPE: 'BULK_IMPORT' }, { claim: 'own' });
  const shut = async () => {
    await command.app.stop();
    await testEnv.stop();
  };
  await prepare(testEnv);
  await ended(command, (await command.post('categories')).run?.id);
  return { testEnv, command, [Symbol.asyncDispose]: shut };
}

const followUpOf = (replica: Replica) =>
  until(async () => {
    const { running, ended: all } = await replica.runs('products');
    return [...running, ...all].find(({ kind }) => kind === 'follow-up');
  });

for (const [left, holder] of [
  ['a command that was killed left', 'dead'],
  ['no process has claimed', ''],
] as const)
  test(`a sync that ${left} does not hold up what follows where no process executes syncs`, async () => {
    await using shop = await startRealtimeAlone();
    const run = createRun({ resource: 'products', kind: 'sync', request: {}, by: 'cli', now: new Date() });
    await storeOf(shop.testEnv).put(leaseKey('sync', 'products'), { run: toStoredRun(run), beat: 7, holder });
    assert.equal(await rename(shop.testEnv, 'Ladies'), 204);
    const { id: followUp } = await followUpOf(shop.command);
    assert.equal((await ended(shop.command, followUp)).state, 'completed');
  });

test('what follows waits for the sync of a command that is alive', async () => {
  await using shop = await startRealtimeAlone();
  const quick = await slowDown(shop.testEnv, 'products', 300);
  const { run } = await shop.command.post('products');
  await inFlight(shop.command, run?.id);
  assert.equal(await rename(shop.testEnv, 'Ladies'), 204);
  const { id: followUp } = await followUpOf(shop.command);
  // The service looks at the lease again and again while it is renewed.
  await inFlight(shop.command, run?.id, 8);
  await quick();
  const sync = await ended(shop.command, run?.id);
  const followed = await ended(shop.command, followUp);
  assert.deepEqual([sync.state, followed.state], ['completed', 'completed']);
  assert.ok((followed.startedAt ?? '') >= (sync.endedAt ?? 'never'), 'the sync had ended before');
});
