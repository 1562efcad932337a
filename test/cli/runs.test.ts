/** `ctk runs`: bulk syncs from the terminal, wherever they are worked off. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { runSchema } from '../../src/engine/runs/run.ts';
import { newCustomer, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { ctkInProcess as ctk } from './in-process.ts';

let shop: OrderShop;
before(async () => {
  // Ids of runs begin with the time: it has to pass.
  shop = await startOrderShop({ overrides: { now: () => new Date() } });
  await shop.addRecords(newCustomer(), newCustomer());
  const errors = [{ code: 'invalid', title: 'Invalid input.', detail: 'no', source: { pointer: '/data/' } }];
  const rejection = { kind: 'status', status: 400, body: { errors } } as const;
  shop.testEnv.klaviyo.faults.add({ ...rejection, method: 'POST', path: '/api/profile-import', times: 1 });
});
after(() => shop.stop());

test('none yet: it says how to begin one', async () => {
  const { code, out } = await ctk(['runs', 'list'], shop.testEnv.env);
  assert.deepEqual([code, out], [0, 'no runs; ctk sync begins one\n']);
  const latest = await ctk(['runs', 'show', 'latest'], shop.testEnv.env);
  assert.deepEqual([latest.code, latest.err], [1, 'no sync was started yet; ctk sync begins one\n']);
});

test("the service's runs are listed, the latest first, and shown with their reasons", async () => {
  const first = await shop.testEnv.sync('customers');
  const second = await shop.testEnv.sync('orders');
  const listed = await ctk(['runs', 'list'], shop.testEnv.env);
  assert.deepEqual([listed.code, listed.err], [0, '']);
  const lines = listed.out.trimEnd().split('\n');
  assert.match(
    lines[0] ?? '',
    new RegExp(
      `^${second.id} {2}orders {2}sync {2}completed {2}ended \\d{4}-\\d\\d-\\d\\d \\S+ after \\d+ s {2}0 read`,
    ),
  );
  assert.match(
    lines[1] ?? '',
    new RegExp(`^${first.id} {2}customers {2}sync {2}completed {2}ended .* 2 read, 1 delivered`),
  );
  assert.equal(lines[2], '2 run(s)');
  const one = await ctk(['runs', 'list', 'orders', '--json'], shop.testEnv.env);
  assert.deepEqual(
    z
      .array(runSchema)
      .parse(JSON.parse(one.out))
      .map(({ id }) => id),
    [second.id],
  );
  const shown = await ctk(['runs', 'show', first.id], shop.testEnv.env);
  assert.match(shown.out, /^ {2}asked {6}by api$/m);
  assert.match(shown.out, /^ {2}1 × invalid/m);
  const latest = await ctk(['runs', 'show', 'latest'], shop.testEnv.env);
  assert.ok(latest.out.startsWith(second.id));
  const asJson = await ctk(['runs', 'show', first.id, '--json'], shop.testEnv.env);
  assert.equal(runSchema.parse(JSON.parse(asJson.out)).counts.rejected, 1);
});

test('a run that there is not, and a resource that there is not', async () => {
  const none = await ctk(['runs', 'show', 'never'], shop.testEnv.env);
  assert.deepEqual([none.code, none.out], [1, '']);
  assert.match(none.err, /there is no run never; ctk runs list shows them/);
  const odd = await ctk(['runs', 'list', 'payments'], shop.testEnv.env);
  assert.equal(odd.code, 1);
  assert.match(odd.err, /Allowed choices are customers, orders, categories, products/);
});

test('stop ends the sync of another process, which stands still afterwards; with none it says so', async () => {
  const away = await shop.injectFault({ kind: 'status', status: 503, path: '^/[^/]+/customers', after: 1 });
  await shop.testEnv.post('/sync/customers');
  const stopped = await ctk(['runs', 'stop', 'customers'], shop.testEnv.env);
  await away.clear();
  assert.deepEqual([stopped.code, stopped.err], [0, '']);
  assert.match(stopped.out, /customers {2}sync {2}stopped/);
  const [last] = await shop.testEnv.app.runs.list('customers');
  assert.equal(last?.state, 'stopped');
  const none = await ctk(['runs', 'stop', 'customers'], shop.testEnv.env);
  assert.equal(none.code, 1);
  assert.match(none.err, /no sync of customers runs; ctk runs list/);
});

test('a run in progress: since when, and how far of the total; ctk watch on a pipe is one snapshot of it', async () => {
  const away = await shop.injectFault({ kind: 'status', status: 503, path: '^/[^/]+/customers', after: 1 });
  await shop.testEnv.post('/sync/customers');
  const listed = await ctk(['runs', 'list', 'customers'], shop.testEnv.env);
  await away.clear();
  assert.match(listed.out, /customers {2}sync {2}(queued|running|paused) {2}(since|queued) \d{4}-.* 0( of 2)? read/);
  await shop.testEnv.app.settled();
  const watched = await ctk(['watch'], shop.testEnv.env);
  assert.deepEqual([watched.code, watched.err], [0, '']);
  assert.match(
    watched.out,
    /^Runs and dead letters at .* UTC\nno run in progress\ncustomers +sync completed {2}ended /,
  );
  assert.match(watched.out, /^1 dead letter\(s\): ctk dead-letters list$/m);
});

test('ctk sync --json prints the run as it ended, and nothing else', async () => {
  const { code, out, err } = await ctk(['sync', 'customers', '--json'], shop.testEnv.env);
  assert.deepEqual([code, err], [0, '']);
  const run = runSchema.parse(JSON.parse(out));
  assert.deepEqual([run.resource, run.by, run.state, run.counts.read], ['customers', 'cli', 'completed', 2]);
});

test('dead letters and the plan of subscriptions as JSON, without a secret', async () => {
  const letters = await ctk(['dead-letters', 'list', '--json'], shop.testEnv.env);
  const [letter] = z
    .array(z.object({ rule: z.string(), record: z.object({ typeId: z.string() }) }))
    .parse(JSON.parse(letters.out));
  assert.deepEqual(letter, { rule: 'profile', record: { typeId: 'customer' } });
  const planned = await ctk(['subscriptions', 'plan', '--kafka', 'broker.example:9092/t', '--json'], {
    ...shop.testEnv.env,
    SUBSCRIPTION_KEY: 'the-key',
    SUBSCRIPTION_SECRET: 'the-secret',
  });
  const steps = z.array(z.object({ do: z.string(), key: z.string() })).parse(JSON.parse(planned.out));
  assert.ok(steps.some((step) => step.do === 'create' && step.key === 'ctk-default-order'));
  assert.doesNotMatch(planned.out, /the-key|the-secret/);
});
