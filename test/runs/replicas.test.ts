/** Runs that several replicas share: one works a run off, all of them know of it, and none of them is needed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addCustomers,
  ended,
  inFlight,
  ownReplica,
  slowDown,
  startReplica,
  startSlowTestEnv,
  storeOf,
  until,
} from './replicas.ts';

const leases = (testEnv: Parameters<typeof storeOf>[0]) => Array.fromAsync(storeOf(testEnv).list('ctk-work'));

test('a sync that runs on one replica is answered 409 with its id and progress on another, and stopped from there', async () => {
  await using testEnv = await startSlowTestEnv();
  await addCustomers(testEnv, 60);
  await slowDown(testEnv, 'customers', 150);
  const [one, other] = [ownReplica(testEnv), await startReplica(testEnv)];
  const { run } = await one.post('customers');
  await inFlight(one, run?.id);
  const again = await other.post('customers');
  assert.deepEqual([again.status, again.run?.id], [409, run?.id]);
  assert.match(again.error ?? '', /running already/);
  const stopping = await other.post('customers/stop');
  assert.deepEqual([stopping.status, stopping.run?.id, stopping.run?.state], [200, run?.id, 'stopping']);
  const stopped = await ended(other, run?.id);
  assert.equal(stopped.state, 'stopped');
  assert.ok(stopped.counts.read < 60);
  assert.deepEqual(await until(async () => ((await leases(testEnv)).length === 0 ? [] : undefined)), []);
  await other.app.stop();
});

test('a stopped sync is resumed where it was stopped, by any replica; a new one starts afresh', async () => {
  await using testEnv = await startSlowTestEnv();
  await addCustomers(testEnv, 60);
  const quicken = await slowDown(testEnv, 'customers', 150);
  const [one, other] = [ownReplica(testEnv), await startReplica(testEnv)];
  assert.deepEqual([(await one.post('customers', { resume: true })).status], [400]);
  const { run } = await one.post('customers');
  await inFlight(one, run?.id, 11);
  await one.post('customers/stop');
  const stopped = await ended(one, run?.id);
  await quicken();
  const before = testEnv.klaviyo.state().requests;
  const resumed = await other.post('customers', { resume: true });
  assert.deepEqual([resumed.status, resumed.run?.resumes], [202, run?.id]);
  const whole = await ended(other, resumed.run?.id);
  assert.deepEqual([whole.state, whole.counts.read, whole.counts.delivered], ['completed', 60, 60]);
  assert.ok(stopped.counts.delivered > 0 && testEnv.klaviyo.state().requests - before < 60);
  const fresh = await other.post('customers');
  assert.equal((await ended(other, fresh.run?.id)).counts.read, 60);
  const refused = await other.post('customers', { resume: true });
  assert.deepEqual([refused.status], [400]);
  assert.match(refused.error ?? '', /no stopped sync of customers/);
  await other.app.stop();
});

test('a replica that ends hands its run on: another one finishes it, with exact counts', async () => {
  await using testEnv = await startSlowTestEnv();
  await addCustomers(testEnv, 60);
  await slowDown(testEnv, 'customers', 100);
  const first = await startReplica(testEnv, { RUN_WORKER: 'true' });
  const { run } = await first.post('customers');
  await inFlight(first, run?.id, 11);
  await first.app.stop();
  const whole = await ended(ownReplica(testEnv), run?.id);
  assert.deepEqual([whole.state, whole.counts.read, whole.counts.delivered], ['completed', 60, 60]);
  assert.equal(testEnv.klaviyo.state().profiles, 60);
});

test('what a dead process held is taken over within its lease, from its checkpoint, without anybody asking', async () => {
  await using testEnv = await startSlowTestEnv({ env: { RUN_WORKER: 'false' } });
  await addCustomers(testEnv, 60);
  const queuing = ownReplica(testEnv);
  const { run } = await queuing.post('customers');
  // What kill -9 leaves: a lease that nobody renews, and the record as it was stored last.
  const store = storeOf(testEnv);
  const at = { container: 'ctk-work', key: 'sync-customers' };
  const lease = await store.get(at);
  const value = Object(lease?.value);
  await store.put(at, { ...value, holder: 'dead', beat: 7 });
  const counts = { read: 40, delivered: 40, skipped: 0, rejected: 0, changes: 40, caughtUp: 0, reasons: {} };
  const ranges = [{ last: '00000000-0000-4000-8000-0000000c1027', done: false }];
  const checkpoint = { began: new Date().toISOString(), ranges, counts };
  const record = { ...run, state: 'running', holder: 'dead', counts: { ...counts, read: 43, delivered: 43 } };
  const key = { container: 'ctk-runs', key: run?.id ?? '' };
  await store.put(key, { run: record, point: { checkpoint, counts } });
  assert.deepEqual([(await queuing.post('customers')).status], [409]);
  const other = await startReplica(testEnv, { RUN_WORKER: 'true' });
  const whole = await ended(other, run?.id);
  assert.deepEqual([whole.state, whole.counts.read, whole.counts.delivered], ['completed', 60, 60]);
  assert.equal(testEnv.klaviyo.state().profiles, 20);
  await other.app.stop();
});

test('RUN_WORKER=false stores a run, which waits for a process that works off runs', async () => {
  await using testEnv = await startSlowTestEnv({ env: { RUN_WORKER: 'false' } });
  await addCustomers(testEnv, 3);
  const queuing = ownReplica(testEnv);
  const { run, status } = await queuing.post('customers');
  assert.deepEqual([status, run?.state], [202, 'queued']);
  assert.equal((await queuing.post('customers')).status, 409);
  assert.equal((await queuing.runs()).running[0]?.state, 'queued');
  const other = await startReplica(testEnv, { RUN_WORKER: 'true' });
  assert.equal((await ended(queuing, run?.id)).counts.delivered, 3);
  await other.app.stop();
});

test('a queued run that nobody took is stopped at once', async () => {
  await using testEnv = await startSlowTestEnv({ env: { RUN_WORKER: 'false' } });
  const queuing = ownReplica(testEnv);
  const { run } = await queuing.post('orders');
  await queuing.post('orders/stop');
  assert.equal((await ended(queuing, run?.id)).state, 'stopped');
  assert.equal((await queuing.post('orders')).status, 202);
});

test('many start one resource on many replicas at the same moment: one run comes of it', async () => {
  await using testEnv = await startSlowTestEnv();
  await addCustomers(testEnv, 20);
  await slowDown(testEnv, 'customers', 100);
  const others = await Promise.all([startReplica(testEnv), startReplica(testEnv)]);
  const replicas = [ownReplica(testEnv), ...others];
  const answers = await Promise.all([...replicas, ...replicas].map((replica) => replica.post('customers')));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [202, 409, 409, 409, 409, 409]);
  assert.equal(new Set(answers.map(({ run }) => run?.id)).size, 1);
  await ended(ownReplica(testEnv), answers[0]?.run?.id);
  await Promise.all(others.map(({ app }) => app.stop()));
});

test('a replica that lost its lease stops, leaves the record to the new holder, and tells so', async () => {
  await using testEnv = await startSlowTestEnv();
  await addCustomers(testEnv, 60);
  await slowDown(testEnv, 'customers', 150);
  const one = ownReplica(testEnv);
  const { run } = await one.post('customers');
  await inFlight(one, run?.id);
  const store = storeOf(testEnv);
  const at = { container: 'ctk-work', key: 'sync-customers' };
  for (let taken: unknown = 'stale'; taken === 'stale'; ) {
    const lease = await store.get(at);
    taken = await store.put(at, { ...Object(lease?.value), holder: 'another' }, lease?.version);
  }
  await until(async () =>
    testEnv.logged.some((line) => line.includes('could not hold its lease')) ? true : undefined,
  );
  // The other one died, too: whoever is left goes on.
  assert.equal((await ended(one, run?.id)).counts.read, 60);
});

test('only the latest runs of a resource are kept', async () => {
  await using testEnv = await startSlowTestEnv({ settings: { runs: { maxEnded: 2, leaseSeconds: 1 } } });
  const one = ownReplica(testEnv);
  for (let n = 0; n < 4; n += 1) await ended(one, (await one.post('categories')).run?.id);
  const fresh = await startReplica(testEnv);
  await until(async () => ((await fresh.runs('categories')).ended.length === 2 ? true : undefined));
  await fresh.app.stop();
});
