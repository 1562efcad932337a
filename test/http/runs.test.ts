/** Bulk runs as their caller sees them: one of a resource at a time, stopped, shown, waiting when they must. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Run, runSchema } from '../../src/engine/runs/run.ts';
import { newCustomer, newOrder, type Rows, startRows } from '../mapping/order-fixture.ts';
import type { World } from '../test-env.ts';
import { call, post } from './call.ts';

const status = z.object({ running: z.array(runSchema), ended: z.array(runSchema) });
const answered = z.object({ run: runSchema });

let rows: Rows;
before(async () => {
  const settings = { commercetools: { pageSize: 10, retries: 0 }, klaviyo: { retries: 0 } };
  rows = await startRows({ settings, overrides: { now: () => new Date() } });
  const [first, ...customers] = Array.from({ length: 45 }, () => newCustomer());
  const [order, ...orders] = Array.from({ length: 25 }, () => newOrder());
  assert.ok(first && order);
  await rows.place(first, ...customers);
  await rows.place(order, ...orders);
});
after(() => rows.stop());

async function shown(world: World, path = '/sync'): Promise<z.infer<typeof status>> {
  return status.parse((await call(world.service, { path })).json);
}

/** The run as it is shown, when it is like that. */
async function seen(world: World, id: string, isSo: (run: Run) => boolean): Promise<Run> {
  for (;;) {
    const { running, ended } = await shown(world);
    const run = [...running, ...ended].find((one) => one.id === id);
    if (run && isSo(run)) return run;
    await sleep(10);
  }
}

const started = async (world: World, path: string, body: unknown = {}) =>
  answered.parse((await post(world.service, path, body)).json).run;
const hasEnded = ({ state }: Run) => ['completed', 'stopped', 'failed'].includes(state);
const settled = ({ counts }: Run) => counts.delivered + counts.skipped + counts.rejected;

describe('one run of a resource at a time', () => {
  test('a second one is answered 409 with the one that runs; other resources run beside it; a stop is 200', async () => {
    const slow = await rows.disturbShop({ kind: 'delay', ms: 100, path: '^/[^/]+/customers' });
    const { id } = await started(rows.world, '/sync/customers');
    const second = await post(rows.world.service, '/sync/customers', {});
    assert.equal(second.status, 409);
    assert.match(second.error, /running already; stop it with POST \/sync\/customers\/stop/);
    assert.equal(answered.parse(second.json).run.id, id);
    assert.equal((await post(rows.world.service, '/sync/orders', {})).status, 202);
    assert.equal((await post(rows.world.service, '/sync/customers/stop', {})).status, 200);
    const stopped = await seen(rows.world, id, hasEnded);
    assert.equal(stopped.state, 'stopped');
    assert.equal(stopped.counts.read, settled(stopped));
    await slow.calm();
    await rows.world.app.settled();
    const again = await rows.world.sync('customers');
    assert.equal(again.state, 'completed');
  });
});

describe('what is shown of a run', () => {
  test('what was read is delivered, skipped or rejected, and the reasons are counted', async () => {
    await using own = await startRows();
    const [good, nobody] = [newOrder(), newOrder({ customerEmail: undefined, customerId: undefined })];
    const refused = newOrder({ customerEmail: 'no e-mail at all' });
    await own.place(good, nobody, refused);
    const { state, counts } = await own.world.sync('orders');
    assert.deepEqual(
      [state, counts.read, counts.delivered, counts.skipped, counts.rejected],
      ['completed', 3, 1, 1, 1],
    );
    assert.equal(counts.reasons['the order has neither e-mail nor customer id'], 1);
    assert.equal(
      Object.values(counts.reasons).reduce((sum, count) => sum + count, 0),
      2,
    );
    assert.equal((await own.events({ metric: 'Placed Order' })).length, 1);
  });

  test('GET /sync, /sync/status and /sync/{resource} list it, newest first', async () => {
    const { id } = await rows.world.sync('orders', { ids: ['nobody'] });
    for (const path of ['/sync', '/sync/status', '/sync/orders']) {
      const { running, ended } = await shown(rows.world, path);
      assert.equal(running.length, 0);
      assert.equal(ended[0]?.id, id);
    }
    assert.ok((await shown(rows.world, '/sync/products')).ended.every((run) => run.resource === 'products'));
  });

  test('every record of many pages is read once', async () => {
    const { counts } = await rows.world.sync('customers');
    assert.deepEqual([counts.read, counts.delivered], [45, 45]);
    assert.equal((await rows.profiles()).filter(({ external_id }) => external_id !== undefined).length, 45);
  });
});

describe('a run that can not go on waits, says for what, and goes on by itself', () => {
  for (const path of ['customers', 'products']) {
    test(`commercetools' ${path} away: not failed, not looping, nothing skipped`, async () => {
      await using own = await startRows({ settings: { commercetools: { retries: 0 } } });
      const [customer, order] = [newCustomer(), newOrder()];
      await own.place(customer);
      await own.place(order);
      const resource = path === 'customers' ? 'customers' : 'orders';
      const outage = await own.disturbShop({ kind: 'status', status: 503, path: `/shop/${path}` });
      const { id } = await started(own.world, `/sync/${resource}`);
      const waiting = await seen(own.world, id, ({ state }) => state === 'paused');
      assert.match(waiting.problem ?? '', /commercetools/);
      assert.ok((await outage.struck()) < 10);
      await outage.calm();
      const run = await seen(own.world, id, hasEnded);
      assert.deepEqual(
        [run.state, run.counts.delivered, run.counts.skipped, run.problem],
        ['completed', 1, 0, undefined],
      );
    });
  }

  test('Klaviyo away', async () => {
    await using own = await startRows({ settings: { klaviyo: { retries: 0 } } });
    const customers = [newCustomer(), newCustomer()] as const;
    await own.place(...customers);
    own.world.klaviyo.faults.add({ kind: 'status', status: 503, body: '<html>', path: '/api/profile' });
    const { id } = await started(own.world, '/sync/customers');
    const waiting = await seen(own.world, id, ({ state }) => state === 'paused');
    assert.match(waiting.problem ?? '', /Klaviyo answered 503/);
    own.world.klaviyo.faults.clear();
    const run = await seen(own.world, id, hasEnded);
    assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', 2, 0]);
    assert.equal((await own.profiles()).length, 2);
  });

  test('a key that is refused is said, and the run can be stopped while it waits', async () => {
    await using own = await startRows({ env: { KLAVIYO_AUTH_KEY: 'pk_other' } });
    await own.place(newCustomer());
    const { id } = await started(own.world, '/sync/customers');
    const waiting = await seen(own.world, id, ({ state }) => state === 'paused');
    assert.match(waiting.problem ?? '', /401/);
    await post(own.world.service, '/sync/customers/stop', {});
    assert.equal((await seen(own.world, id, hasEnded)).state, 'stopped');
  });
});

test('one record that Klaviyo refuses stops nobody: it is counted with the reason, the others arrive', async () => {
  await using own = await startRows();
  const customers = Array.from({ length: 20 }, () => newCustomer());
  const odd = newCustomer({ email: 'no e-mail at all' });
  await own.place(odd, ...customers);
  const { state, counts } = await own.world.sync('customers');
  assert.deepEqual([state, counts.read, counts.delivered, counts.rejected], ['completed', 21, 20, 1]);
  assert.equal((await own.profiles()).length, 20);
});
