/** Accepted bulk jobs: stored until their last receipt, and recovered by other processes if theirs dies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { acceptedJobsContainer } from '../../src/engine/delivery/accepted-jobs.ts';
import { causeOf } from '../../src/rules/cause.ts';
import { changeDelivery, customer, id, type Json, message } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { startReplica, storeOf, until } from './replicas.ts';

const settings = { runs: { leaseSeconds: 1 } };

function customers(count: number): Json[] {
  return Array.from({ length: count }, (_, n) =>
    customer({ id: id(`d${(n + 4096).toString(16)}`), email: `d${n}@example.com`, addresses: [] }),
  );
}

function refOf(record: Json) {
  return { typeId: 'customer', id: String(record.id) };
}

async function remembered(testEnv: TestEnv): Promise<unknown[]> {
  return (await Array.fromAsync(storeOf(testEnv).list(acceptedJobsContainer))).map(({ value }) => value);
}

/** As a process left it that died before its job had ended. */
async function leave(testEnv: TestEnv, jobId: string, records: readonly Json[], more: Json = {}): Promise<void> {
  const abouts = records.map((record) => ({
    record: refOf(record),
    rule: 'profile',
    cause: causeOf(message(changeDelivery('ResourceUpdated', refOf(record)))),
  }));
  const job = { endpoint: 'getProfileImport', id: jobId };
  await storeOf(testEnv).put(
    { container: acceptedJobsContainer, key: `getProfileImport-${jobId}-0` },
    { job, records: abouts, ...more },
  );
}

/** @returns the id of a job of Klaviyo that writes the first customer's profile as it was once */
async function startJob(testEnv: TestEnv): Promise<string> {
  const profiles = { data: [{ type: 'profile', attributes: { email: 'd0@example.com', first_name: 'Of old' } }] };
  const started = await fetch(`${testEnv.klaviyo.url}/api/profile-bulk-import-jobs`, {
    method: 'POST',
    headers: {
      authorization: 'Klaviyo-API-Key pk_sandbox',
      revision: '2026-07-15',
      'content-type': 'application/vnd.api+json',
    },
    body: JSON.stringify({ data: { type: 'profile-bulk-import-job', attributes: { profiles } } }),
  });
  return z.object({ data: z.object({ id: z.string() }) }).parse(await started.json()).data.id;
}

test('customers that change together are acknowledged with their job, which is stored by reference until it has ended', async () => {
  await using testEnv = await startTestEnv({ klaviyo: { jobMs: 2_000 } });
  const changed = customers(400);
  await testEnv.addRecords('customer', ...changed);
  const answers = changed.map((record) =>
    testEnv.post('/', changeDelivery('ResourceUpdated', { typeId: 'customer', id: record.id })),
  );
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 204);
  const held = await remembered(testEnv);
  assert.ok(held.length > 0, 'a job is under way');
  assert.doesNotMatch(JSON.stringify(held), /@example\.com|firstName|Ada/);
  for (const stored of held) assert.ok(Date.parse(z.looseObject({ acceptedAt: z.string() }).parse(stored).acceptedAt));
  await testEnv.app.settled();
  assert.equal((await testEnv.profiles()).length, 400);
  await until(async () => ((await remembered(testEnv)).length === 0 ? true : undefined));
});

test('a process that is stopped before its job has ended leaves it to another one, and rejects nothing', async () => {
  await using testEnv = await startTestEnv({ klaviyo: { jobMs: 3_600_000 } });
  const { app, url } = await startReplica(testEnv, { SHUTDOWN_SECONDS: '1' });
  const outcomes: string[] = [];
  app.events.listen((event) => {
    if (event.type === 'rejected' || event.type === 'dead-letter') outcomes.push(event.type);
    if (event.type === 'changes') outcomes.push(...event.changes.map(({ outcome }) => outcome));
  });
  const changed = customers(400);
  await testEnv.addRecords('customer', ...changed);
  const headers = { 'content-type': 'application/json' };
  const answers = changed.map((record) => {
    const body = JSON.stringify(changeDelivery('ResourceUpdated', refOf(record)));
    return fetch(url, { method: 'POST', headers, body });
  });
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 204);
  const held = await remembered(testEnv);
  assert.ok(held.length > 0, 'a job is under way');
  await app.stop();
  await app.sink.onIdle();
  await turn();
  assert.deepEqual([...new Set(outcomes)], ['delivered']);
  assert.deepEqual(await Array.fromAsync(testEnv.app.deadLetters.list()), []);
  assert.deepEqual(await remembered(testEnv), held);
});

test('another process sends the records of an orphaned, unknown job again and removes the job', async () => {
  await using testEnv = await startTestEnv({ settings });
  const [left = {}] = customers(1);
  await testEnv.addRecords('customer', left);
  await leave(testEnv, 'nobody-knows-it', [left]);
  const other = await startReplica(testEnv);
  await until(async () => ((await remembered(testEnv)).length === 0 ? true : undefined));
  const profiles = await testEnv.profiles();
  assert.deepEqual(
    profiles.map((profile) => z.looseObject({ email: z.string() }).parse(profile).email),
    ['d0@example.com'],
  );
  await other.app.stop();
});

/** The job is no longer remembered, and Klaviyo has the customer. */
async function assertSentAgain(testEnv: TestEnv, { firstName }: Json): Promise<void> {
  await until(async () => ((await remembered(testEnv)).length === 0 ? true : undefined));
  const [profile] = await testEnv.profiles();
  assert.equal(z.looseObject({ first_name: z.string() }).parse(profile).first_name, firstName);
}

test('records of an orphaned job are sent again once the job has ended, so that the latest state wins', async () => {
  await using testEnv = await startTestEnv({ settings, klaviyo: { jobMs: 2_500 } });
  const [done = {}] = customers(1);
  await testEnv.addRecords('customer', done);
  await leave(testEnv, await startJob(testEnv), [done]);
  await assertSentAgain(testEnv, done);
});

test('records of an orphaned job that has not ended after six hours are sent again', async () => {
  await using testEnv = await startTestEnv({ settings, klaviyo: { jobMs: 3_600_000 } });
  const [left = {}] = customers(1);
  await testEnv.addRecords('customer', left);
  const acceptedAt = new Date(Date.now() - 6 * 3_600_000 - 60_000).toISOString();
  await leave(testEnv, await startJob(testEnv), [left], { acceptedAt });
  await assertSentAgain(testEnv, left);
});

test('records of an orphaned job that the key may not read are sent again', async () => {
  await using testEnv = await startTestEnv({ settings });
  const [left = {}] = customers(1);
  await testEnv.addRecords('customer', left);
  const error = { id: '1', status: 403, code: 'permission_denied', title: 'no', detail: 'no', source: {} };
  const headers = { 'content-type': 'application/vnd.api+json' };
  const path = '/api/profile-bulk-import-jobs/';
  testEnv.klaviyo.faults.add({ kind: 'status', status: 403, body: { errors: [error] }, headers, path });
  await leave(testEnv, await startJob(testEnv), [left]);
  await assertSentAgain(testEnv, left);
});

test('a record that Klaviyo rejects when it is sent again becomes a dead letter', async () => {
  await using testEnv = await startTestEnv({ settings });
  const [odd = {}] = customers(1);
  await testEnv.addRecords('customer', { ...odd, email: 'double..dot@example.com' });
  await leave(testEnv, 'nobody-knows-it', [odd]);
  await until(async () => ((await remembered(testEnv)).length === 0 ? true : undefined));
  const letters = await Array.fromAsync(testEnv.app.deadLetters.list());
  assert.deepEqual(
    letters.map(({ record, rule }) => [record?.id, rule]),
    [[odd.id, 'profile']],
  );
});
