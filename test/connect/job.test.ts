/** The division of work on commercetools Connect: service and event only store, the job executes within its requests. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { z } from 'zod';
import { createJob, type JobOptions } from '../../src/app/job.ts';
import { readConfig } from '../../src/config/config.ts';
import { acceptedJobsContainer } from '../../src/engine/delivery/accepted-jobs.ts';
import { causeOf } from '../../src/rules/cause.ts';
import { category, changeDelivery, customer, id, type Json, message } from '../fixtures/index.ts';
import { addCustomers, ownReplica, slowDown, startReplica, startSlowTestEnv, storeOf } from '../runs/replicas.ts';
import type { TestEnv } from '../test-env.ts';

const summary = z.object({
  runs: z.array(z.object({ resource: z.string(), kind: z.string(), state: z.string() })),
  complete: z.boolean(),
});
type Summary = z.infer<typeof summary>;

const serviceEnv = { APP_TYPE: 'BULK_IMPORT', RUN_WORKER: 'false' };
const eventEnv = { APP_TYPE: 'EVENT', RUN_WORKER: 'false' };
const leaseMs = 1_000;

/** @returns a job with the environment of the service, and a request to it */
async function startJob(testEnv: TestEnv, options: JobOptions = {}) {
  const job = createJob(readConfig({ ...testEnv.env, APP_TYPE: 'BULK_IMPORT' }), pino({ level: 'silent' }), options);
  const url = await job.start();
  const request = async (method: 'GET' | 'POST' = 'POST'): Promise<Summary> => {
    const answer = await fetch(`${url}/job`, { method });
    assert.equal(answer.status, 200);
    return summary.parse(await answer.json());
  };
  return { url, request, stop: () => job.stop(), [Symbol.asyncDispose]: () => job.stop() };
}

const klaviyoRequests = ({ klaviyo }: TestEnv) => klaviyo.state().requests;

test('the service stores a sync and sends nothing; the job executes it within its request', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  await addCustomers(testEnv, 20);
  await using job = await startJob(testEnv);
  const service = ownReplica(testEnv);
  const { status, run } = await service.post('customers');
  assert.deepEqual([status, run?.state], [202, 'queued']);
  // Long enough for a worker to poll several times.
  await sleep(leaseMs);
  assert.equal(klaviyoRequests(testEnv), 0);
  assert.deepEqual(await job.request('GET'), {
    runs: [{ resource: 'customers', kind: 'sync', state: 'completed' }],
    complete: true,
  });
  assert.equal((await testEnv.profiles()).length, 20);
  assert.equal((await service.runs('customers')).ended[0]?.id, run?.id);
  const before = klaviyoRequests(testEnv);
  assert.deepEqual(await job.request(), { runs: [], complete: true });
  await service.post('orders');
  await sleep(leaseMs);
  assert.equal(klaviyoRequests(testEnv), before, 'the job does nothing between its requests');
});

test('a request that reaches its time limit hands the run over; the next one resumes it, and nothing is sent twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ctk-job-'));
  const record = join(folder, 'bodies.ndjson');
  // A lease that a busy machine does not lose: the state of a run whose lease is lost stays pausing.
  const runs = { checkpointSeconds: 0.05, leaseSeconds: 5 };
  const settings = { runs, commercetools: { retries: 1, pageSize: 5, ranges: 1 } };
  await using testEnv = await startSlowTestEnv({ env: serviceEnv, settings, klaviyo: { record } });
  await addCustomers(testEnv, 40);
  await slowDown(testEnv, 'customers', 300);
  const { run } = await ownReplica(testEnv).post('customers');
  const states: string[] = [];
  // A process of its own for each request: nothing but the store is handed on. The limit grows, because a process that loses
  // its lease leaves a run that the next one can claim only after it has observed the lease for its whole time.
  for (let complete = false, timeLimitMs = 700; !complete; timeLimitMs += 100) {
    await using job = await startJob(testEnv, { timeLimitMs });
    const result = await job.request();
    states.push(...result.runs.map(({ state }) => state));
    complete = result.complete;
  }
  assert.ok(states.length > 1, states.join());
  assert.deepEqual([new Set(states.slice(0, -1)), states.at(-1)], [new Set(['paused']), 'completed']);
  const [whole] = (await ownReplica(testEnv).runs('customers')).ended;
  assert.deepEqual([whole?.id, whole?.counts.read, whole?.counts.delivered], [run?.id, 40, 40]);
  const sent = readFileSync(record, 'utf8').match(/c\d+@example\.com/g) ?? [];
  assert.deepEqual([sent.length, new Set(sent).size], [40, 40]);
  rmSync(folder, { recursive: true });
});

test('requests that overlap wait for one execution', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  await addCustomers(testEnv, 20);
  await using job = await startJob(testEnv);
  await ownReplica(testEnv).post('customers');
  const answers = await Promise.all([job.request(), job.request(), job.request('GET')]);
  for (const answer of answers) assert.deepEqual(answer, answers[0]);
  assert.equal(answers[0]?.runs[0]?.state, 'completed');
});

test('the service stops and resumes a run without executing it', async () => {
  await using testEnv = await startSlowTestEnv({
    env: serviceEnv,
    settings: { commercetools: { pageSize: 5, ranges: 1 } },
  });
  await addCustomers(testEnv, 40);
  const quicken = await slowDown(testEnv, 'customers', 300);
  const service = ownReplica(testEnv);
  await service.post('customers');
  await using short = await startJob(testEnv, { timeLimitMs: 700 });
  assert.equal((await short.request()).complete, false);
  await service.post('customers/stop');
  const [stopped] = (await service.runs('customers')).ended;
  assert.equal(stopped?.state, 'stopped');
  const before = klaviyoRequests(testEnv);
  const resumed = await service.post('customers', { resume: true });
  assert.deepEqual([resumed.status, resumed.run?.resumes], [202, stopped?.id]);
  await sleep(leaseMs);
  assert.equal(klaviyoRequests(testEnv), before);
  await quicken();
  await using job = await startJob(testEnv);
  assert.equal((await job.request()).runs.at(-1)?.state, 'completed');
  assert.equal((await testEnv.profiles()).length, 40);
});

test('a run whose process was killed within a request is resumed by the next request, which waits for its lease', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  await addCustomers(testEnv, 20);
  await ownReplica(testEnv).post('customers');
  const store = storeOf(testEnv);
  const at = { container: 'ctk-work', key: 'sync-customers' };
  const lease = await store.get(at);
  await store.put(at, { ...z.looseObject({}).parse(lease?.value), holder: 'a dead process' });
  await using job = await startJob(testEnv);
  assert.equal((await job.request()).runs[0]?.state, 'completed');
  assert.equal((await testEnv.profiles()).length, 20);
});

test('a follow-up of a message is stored by event and executed by the job', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  const women = category({ id: id('a1'), name: { en: 'Women' } });
  const ancestor = { typeId: 'category', id: women.id };
  const pants = category({ id: id('a2'), name: { en: 'Pants' }, parent: ancestor, ancestors: [ancestor] });
  await testEnv.addRecords('category', women, pants);
  await using job = await startJob(testEnv);
  await ownReplica(testEnv).post('categories');
  assert.equal((await job.request()).complete, true);
  await testEnv.addRecords('category', { ...women, name: { en: 'Ladies' } });
  const event = await startReplica(testEnv, eventEnv);
  assert.equal(await push(event.url, changeDelivery('ResourceUpdated', ancestor)), 204);
  await sleep(leaseMs);
  assert.deepEqual(await categoryNames(testEnv), ['Ladies', 'Women > Pants']);
  await event.app.stop();
  const { runs } = await job.request();
  assert.deepEqual(runs.map((run) => `${run.resource} ${run.kind} ${run.state}`).toSorted(), [
    'categories follow-up completed',
    'products follow-up completed',
  ]);
  assert.deepEqual(await categoryNames(testEnv), ['Ladies', 'Ladies > Pants']);
});

async function push(url: string, delivery: Json): Promise<number> {
  const data = Buffer.from(JSON.stringify(delivery)).toString('base64');
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: { data, messageId: '1' }, subscription: 's' }),
  });
  return answer.status;
}

async function categoryNames(testEnv: TestEnv): Promise<unknown[]> {
  return (await testEnv.categories()).map(({ name }) => name).toSorted();
}

test('an accepted job that a process of event left behind is recovered by the job, and by no other application', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  const changed = customer({ id: id('d1'), email: 'd1@example.com', addresses: [] });
  await testEnv.addRecords('customer', changed);
  const record = { typeId: 'customer', id: String(changed.id) };
  const cause = causeOf(message(changeDelivery('ResourceUpdated', record)));
  const left = { job: { endpoint: 'getProfileImport', id: 'unknown' }, records: [{ record, rule: 'profile', cause }] };
  const store = storeOf(testEnv);
  await store.put({ container: acceptedJobsContainer, key: 'getProfileImport-unknown-0' }, left);
  const stored = async () => (await Array.fromAsync(store.list(acceptedJobsContainer))).length;
  const event = await startReplica(testEnv, eventEnv);
  await sleep(2 * leaseMs);
  assert.deepEqual([await stored(), (await testEnv.profiles()).length], [1, 0]);
  await event.app.stop();
  await using job = await startJob(testEnv);
  assert.equal((await job.request()).complete, true);
  assert.deepEqual([await stored(), (await testEnv.profiles()).length], [0, 1]);
});

test('the nightly syncs start at the first request after their time, once', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  let now = new Date('2026-03-15T01:00:00.000Z');
  await using job = await startJob(testEnv, { now: () => now });
  assert.deepEqual((await job.request()).runs, []);
  now = new Date('2026-03-15T04:00:00.000Z');
  const { runs } = await job.request();
  assert.deepEqual(
    runs.map(({ resource, state }) => `${resource} ${state}`).toSorted(),
    ['categories', 'customers', 'orders', 'products'].map((resource) => `${resource} completed`),
  );
  assert.deepEqual((await job.request()).runs, []);
  now = new Date('2026-03-17T04:00:00.000Z');
  assert.equal((await job.request()).runs.length, 4);
});

test('a nightly sync that must not start is left to the next night, and keeps no other one from starting', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  const lease = { container: 'ctk-work', key: 'sync-categories' };
  await storeOf(testEnv).put(lease, { shape: 'of a newer version' });
  let now = new Date('2026-03-15T01:00:00.000Z');
  await using job = await startJob(testEnv, { now: () => now });
  await job.request();
  now = new Date('2026-03-15T04:00:00.000Z');
  const started = async () => (await job.request()).runs.map(({ resource }) => resource).toSorted();
  assert.deepEqual(await started(), ['customers', 'orders', 'products']);
  await storeOf(testEnv).remove(lease);
  assert.deepEqual(await started(), []);
  now = new Date('2026-03-16T04:00:00.000Z');
  assert.deepEqual(await started(), ['categories', 'customers', 'orders', 'products']);
});

test('the job takes any body, and refuses a start without the store', async () => {
  await using testEnv = await startSlowTestEnv({ env: serviceEnv });
  await using job = await startJob(testEnv);
  for (const contentType of ['application/octet-stream', 'application/json', 'text/plain']) {
    const answer = await fetch(`${job.url}/job`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: '{',
    });
    assert.equal(answer.status, 200, contentType);
  }
  assert.equal((await fetch(`${job.url}/health`)).status, 200);
  await testEnv.shop.stop();
  const answer = await fetch(`${job.url}/job`, { method: 'POST' });
  assert.equal(answer.status, 503);
});
