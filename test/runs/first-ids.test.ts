/** Which records a run skipped or could not deliver: their ids by reason, over HTTP, in the terminal, after a resume. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { customer, id, type Json } from '../fixtures/index.ts';
import { startTestEnv } from '../test-env.ts';
import { ended, inFlight, ownReplica, slowDown, startReplica, startSlowTestEnv, storeOf } from './replicas.ts';

const noEmail = 'the customer has no e-mail';
const [first, second, refused] = [id('00a1'), id('ffa2'), id('00a3')];

function person(own: string, overrides: Json = {}): Json {
  return customer({ id: own, email: `c${own}@example.com`, addresses: [], ...overrides });
}

/** Two that are skipped, far from each other, and one that Klaviyo refuses. */
const odd = [
  person(first, { email: '' }),
  person(second, { email: '' }),
  person(refused, { email: 'double..dot@example.com' }),
];
const theirs = { [noEmail]: [first, second], invalid: [refused] };

test('two skipped customers and a rejected one: GET /sync and ctk runs show list each below its reason', async () => {
  await using testEnv = await startTestEnv();
  await testEnv.addRecords('customer', person(id('00b1')), ...odd);
  const { id: runId, counts } = await testEnv.sync('customers');
  assert.deepEqual(counts.reasons, { [noEmail]: 2, invalid: 1 });
  const { ended } = await ownReplica(testEnv).runs('customers');
  const shown = ended.find((run) => run.id === runId)?.counts.firstIds ?? {};
  assert.deepEqual({ ...shown, [noEmail]: shown[noEmail]?.toSorted() }, theirs);
  const { code, out } = await ctk(['runs', 'show', runId], testEnv.env);
  assert.equal(code, 0);
  const lines = out.split('\n');
  const below = (reason: string, count: number) => {
    const at = lines.indexOf(reason);
    return lines.slice(at + 1, at + 1 + count).toSorted();
  };
  assert.deepEqual(below(`  2 × ${noEmail}`, 2), [`      ${first}`, `      ${second}`]);
  assert.deepEqual(below('  1 × invalid', 1), [`      ${refused}`]);
  assert.doesNotMatch(out, /@|double/);
});

test('a run that was stopped and resumed names what it passed before and after, each once', async () => {
  await using testEnv = await startSlowTestEnv({ settings: { commercetools: { retries: 1, pageSize: 5, ranges: 1 } } });
  const others = Array.from({ length: 50 }, (_, n) => person(id(`c${(n + 16).toString(16)}`)));
  await testEnv.addRecords('customer', ...others, ...odd);
  const quicken = await slowDown(testEnv, 'customers', 150);
  const own = ownReplica(testEnv);
  const { run } = await own.post('customers');
  await inFlight(own, run?.id, 11);
  await own.post('customers/stop');
  const stopped = await ended(own, run?.id);
  assert.ok(stopped.counts.read < 53);
  assert.deepEqual(stopped.counts.firstIds, { [noEmail]: [first], invalid: [refused] });
  await quicken();
  const other = await startReplica(testEnv);
  const resumed = await other.post('customers', { resume: true });
  const whole = await ended(other, resumed.run?.id);
  assert.deepEqual([whole.state, whole.counts.read, whole.counts.skipped], ['completed', 53, 2]);
  assert.deepEqual(whole.counts.firstIds, theirs);
  await other.app.stop();
});

test('ids that are not there are named; of more than 20 the first 20 are, and all are counted', async () => {
  await using testEnv = await startTestEnv();
  const ids = Array.from({ length: 130 }, (_, n) => `nobody-${n}`);
  await testEnv.addRecords('customer', person(id('00b1')));
  const run = await testEnv.sync('customers', { ids: [id('00b1'), ...ids] });
  assert.deepEqual([run.counts.delivered, run.counts.skipped], [1, 130]);
  assert.deepEqual(run.counts.firstIds, { 'no record with this id': ids.slice(0, 20) });
  const { out } = await ctk(['runs', 'show', run.id], testEnv.env);
  assert.match(out, /^ {2}130 × no record with this id; the first 20:\n {6}nobody-0\n/m);
});

test('a run that was stored without ids is shown unchanged', async () => {
  await using testEnv = await startTestEnv();
  const counts = { read: 1, delivered: 0, skipped: 1, rejected: 0, changes: 0, reasons: { [noEmail]: 1 } };
  const times = { queuedAt: '2026-03-01T06:00:00.000Z', endedAt: '2026-03-01T06:01:00.000Z' };
  const run = { id: 'old', resource: 'customers', kind: 'sync', request: {}, by: 'api', state: 'completed', counts };
  const value = { run: { ...run, ...times }, point: { counts } };
  await storeOf(testEnv).put({ container: 'ctk-runs', key: run.id }, value);
  const { ended } = await ownReplica(testEnv).runs('customers');
  assert.deepEqual(ended.find(({ id }) => id === 'old')?.counts, { ...counts, caughtUp: 0, firstIds: {} });
  const { out } = await ctk(['runs', 'show', 'old'], testEnv.env);
  assert.match(out, /^ {2}1 × the customer has no e-mail\n$/m);
});
