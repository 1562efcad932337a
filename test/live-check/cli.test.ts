/** `ctk check --live`: consent, the table, what is stored, and what a later `ctk check` says of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ctk as ctkProcess, start } from '../cli/ctk.ts';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { startTestEnv } from '../test-env.ts';

const live = ['check', '--live'];

test('without a terminal and without --yes it names what it would create and what would stay, and creates nothing', async () => {
  await using testEnv = await startTestEnv();
  const { code, out, err } = await ctk(live, testEnv.env);
  assert.equal(code, 1);
  assert.match(err, /pass --yes to consent to this/);
  assert.match(out, /- four hidden catalog items/);
  const [, remains = ''] = out.split('Can not be removed afterwards:');
  assert.match(remains, /the profile ctk-live-check@example\.com/);
  assert.match(remains, /events of the metric "ctk live check"/);
  const { requests, profiles } = testEnv.klaviyo.state();
  assert.deepEqual([requests, profiles, testEnv.shop.records.counts()], [0, 0, {}]);
});

test('with --yes a process verifies all, prints the table and stores it; ctk check says when; one profile stays', async () => {
  await using testEnv = await startTestEnv({ klaviyo: { repeatedUniqueId: 'rejected' } });
  assert.match((await ctk(['check'], testEnv.env)).out, /^ok +live check: never/m);
  const { code, out, err } = await ctkProcess([...live, '--yes'], testEnv.env);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^ +fact +expected +found +consequence$/m);
  assert.match(out, /^ok +repeated events in a bulk body +ignored or rejected +rejected +events are sent in bulk/m);
  assert.match(out, /^ok +price null in an update of an item +cleared +cleared /m);
  assert.match(out, /All other test records are removed/);
  assert.equal(await testEnv.app.apiFindings.repeatedEvents.read(), 'rejected');
  assert.match((await ctk(['check'], testEnv.env)).out, /^ok +live check: last verified 20/m);
  await ctk([...live, '--yes'], testEnv.env);
  assert.equal(testEnv.klaviyo.state().profiles, 1);
});

test('with --json standard output is the findings alone; exit code 1 when something cannot work', async () => {
  await using testEnv = await startTestEnv({ klaviyo: { missingScopes: ['catalogs:write'] } });
  const { code, out, err } = await ctk([...live, '--yes', '--json'], testEnv.env);
  assert.equal(code, 1);
  assert.match(err, /Can not be removed afterwards/);
  const row = z.object({
    fact: z.string(),
    expected: z.string(),
    found: z.string(),
    state: z.string(),
    consequence: z.string(),
  });
  const result = z.object({ ok: z.boolean(), findings: z.array(row), remaining: z.array(z.string()) });
  const { ok, findings, remaining } = result.parse(JSON.parse(out));
  assert.equal(ok, false);
  // The key may not delete either: what could not be created is not named as remaining.
  assert.deepEqual(remaining, []);
  assert.ok(findings.some(({ fact, state }) => fact === 'Klaviyo scope catalogs:write' && state === 'problem'));
  const { out: later } = await ctk(['check'], testEnv.env);
  assert.match(later, /^warning +live check: last verified .*Klaviyo scope catalogs:write: missing/m);
});

test('with STORE=memory it says that the findings are not stored', async () => {
  await using testEnv = await startTestEnv({ env: { STORE: 'memory' } });
  const { code, out } = await ctk([...live, '--yes'], testEnv.env);
  assert.equal(code, 0);
  assert.match(out, /The findings are not stored: STORE=memory/);
});

test('more than one destination, or an invalid one, is refused before anything is created', async () => {
  await using testEnv = await startTestEnv();
  const { code, err } = await ctk([...live, '--yes', '--pubsub', 'nowhere'], testEnv.env);
  assert.equal(code, 1);
  assert.match(err, /--pubsub nowhere: must be projects/);
  assert.equal(testEnv.klaviyo.state().requests, 0);
});

test('something that takes longer than two seconds is said to be under way', async () => {
  await using testEnv = await startTestEnv({ klaviyo: { jobMs: 2_500 } });
  const { out } = await ctk([...live, '--yes'], testEnv.env);
  assert.match(out, /^… a catalogue job, which takes seconds to minutes, \d s$/m);
});

test('SIGINT stops it; the test records are removed, and it says so', async () => {
  await using testEnv = await startTestEnv();
  testEnv.klaviyo.faults.add({ kind: 'delay', ms: 200, path: '/api/catalog-items' });
  const running = start([...live, '--yes'], testEnv.env);
  while (testEnv.klaviyo.state().items === 0) await sleep(10);
  running.signal('SIGINT');
  const { out, err } = await running.ended;
  assert.match(err, /stopping, and removing the test records/);
  assert.match(out, /^unverified +duration of a catalogue job .* the check was stopped$/m);
  assert.match(out, /All other test records are removed/);
  const { items, categories } = testEnv.klaviyo.state();
  assert.deepEqual([items, categories], [0, 0]);
});
