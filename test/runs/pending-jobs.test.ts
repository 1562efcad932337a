/** What is acknowledged while a job has it: remembered until the last word, looked after by others when its process dies. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { causeOf } from '../../src/rules/cause.ts';
import { changeDelivery, customer, id, type Json, message } from '../fixtures/index.ts';
import { startWorld, type World } from '../test-env.ts';
import { startReplica, storeOf, until } from './replicas.ts';

const container = 'ctk-jobs';
const settings = { runs: { leaseSeconds: 1 } };

function customers(count: number): Json[] {
  return Array.from({ length: count }, (_, n) =>
    customer({ id: id(`d${(n + 4096).toString(16)}`), email: `d${n}@example.com`, addresses: [] }),
  );
}

function refOf(record: Json) {
  return { typeId: 'customer', id: String(record.id) };
}

async function remembered(world: World): Promise<unknown[]> {
  return (await Array.fromAsync(storeOf(world).list(container))).map(({ value }) => value);
}

/** As a process left it that died before its job had ended. */
async function leave(world: World, jobId: string, records: readonly Json[]): Promise<void> {
  const abouts = records.map((record) => ({
    record: refOf(record),
    rule: 'profile',
    cause: causeOf(message(changeDelivery('ResourceUpdated', refOf(record)))),
  }));
  const job = { endpoint: 'getProfileImport', id: jobId };
  await storeOf(world).put({ container, key: `getProfileImport-${jobId}-0` }, { job, records: abouts });
}

test('customers that change together are acknowledged with the job, and remembered by reference until it has ended', async () => {
  await using world = await startWorld({ klaviyo: { jobMs: 2_000 } });
  const changed = customers(400);
  await world.place('customer', ...changed);
  const answers = changed.map((record) =>
    world.post('/', changeDelivery('ResourceUpdated', { typeId: 'customer', id: record.id })),
  );
  for (const answer of await Promise.all(answers)) assert.equal(answer.status, 204);
  const held = await remembered(world);
  assert.ok(held.length > 0, 'a job is under way');
  assert.doesNotMatch(JSON.stringify(held), /@example\.com|firstName|Ada/);
  await world.app.settled();
  assert.equal((await world.profiles()).length, 400);
  await until(async () => ((await remembered(world)).length === 0 ? true : undefined));
});

test('what a dead process left is told once more by another one, and forgotten then', async () => {
  await using world = await startWorld({ settings });
  const [left = {}] = customers(1);
  await world.place('customer', left);
  await leave(world, 'nobody-knows-it', [left]);
  const other = await startReplica(world);
  await until(async () => ((await remembered(world)).length === 0 ? true : undefined));
  const profiles = await world.profiles();
  assert.deepEqual(
    profiles.map((profile) => z.looseObject({ email: z.string() }).parse(profile).email),
    ['d0@example.com'],
  );
  await other.app.stop();
});

test('what a dead process left in a job is told once more when the job has ended, so that the latest state wins', async () => {
  await using world = await startWorld({ settings, klaviyo: { jobMs: 2_500 } });
  const [done = {}] = customers(1);
  await world.place('customer', done);
  const profiles = { data: [{ type: 'profile', attributes: { email: 'd0@example.com', first_name: 'Of old' } }] };
  const started = await fetch(`${world.klaviyo.url}/api/profile-bulk-import-jobs`, {
    method: 'POST',
    headers: {
      authorization: 'Klaviyo-API-Key pk_sandbox',
      revision: '2026-07-15',
      'content-type': 'application/vnd.api+json',
    },
    body: JSON.stringify({ data: { type: 'profile-bulk-import-job', attributes: { profiles } } }),
  });
  const { data } = z.object({ data: z.object({ id: z.string() }) }).parse(await started.json());
  await leave(world, data.id, [done]);
  await until(async () => ((await remembered(world)).length === 0 ? true : undefined));
  const [profile] = await world.profiles();
  assert.equal(z.looseObject({ first_name: z.string() }).parse(profile).first_name, done.firstName);
});

test('what is refused after all when it is told once more is kept as a dead letter', async () => {
  await using world = await startWorld({ settings });
  const [odd = {}] = customers(1);
  await world.place('customer', { ...odd, email: 'not an address' });
  await leave(world, 'nobody-knows-it', [odd]);
  await until(async () => ((await remembered(world)).length === 0 ? true : undefined));
  const letters = await Array.fromAsync(world.app.deadLetters.list());
  assert.deepEqual(
    letters.map(({ record, rule }) => [record?.id, rule]),
    [[odd.id, 'profile']],
  );
});
