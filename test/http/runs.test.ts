/** Bulk runs as their caller sees them: one of a resource at a time, stopped, shown, waiting when they must. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type Run, runSchema } from '../../src/engine/runs/run.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import type { TestEnv } from '../test-env.ts';
import { call, post } from './call.ts';

const status = z.object({ running: z.array(runSchema), ended: z.array(runSchema) });
const answered = z.object({ run: runSchema });

let shop: OrderShop;
before(async () => {
  const settings = { commercetools: { pageSize: 10, retries: 0 }, klaviyo: { retries: 0 } };
  shop = await startOrderShop({ settings, overrides: { now: () => new Date() } });
  const [first, ...customers] = Array.from({ length: 45 }, () => newCustomer());
  const [order, ...orders] = Array.from({ length: 25 }, () => newOrder());
  assert.ok(first && order);
  await shop.addRecords(first, ...customers);
  await shop.addRecords(order, ...orders);
});
after(() => shop.stop());

async function shown(testEnv: TestEnv, path = '/sync'): Promise<z.infer<typeof status>> {
  return status.parse((await call(testEnv.service, { path })).json);
}

/** The run as it is shown, when it is like that. */
async function seen(testEnv: TestEnv, id: string, isSo: (run: Run) => boolean): Promise<Run> {
  for (;;) {
    const { running, ended } = await shown(testEnv);
    const run = [...running, ...ended].find((one) => one.id === id);
    if (run && isSo(run)) return run;
    await sleep(10);
  }
}

const started = async (testEnv: TestEnv, path: string, body: unknown = {}) =>
  answered.parse((await post(testEnv.service, path, body)).json).run;
const hasEnded = ({ state }: Run) => ['completed', 'stopped', 'failed'].includes(state);
const settled = ({ counts }: Run) => counts.delivered + counts.skipped + counts.rejected;

describe('one run of a resource at a time', () => {
  test('a second one is answered 409 with the one that runs; other resources run beside it; a stop is 200', async () => {
    const slow = await shop.injectFault({ kind: 'delay', ms: 100, path: '^/[^/]+/customers' });
    const { id } = await started(shop.testEnv, '/sync/customers');
    const second = await post(shop.testEnv.service, '/sync/customers', {});
    assert.equal(second.status, 409);
    assert.match(second.error, /running already; stop it with POST \/sync\/customers\/stop/);
    assert.equal(answered.parse(second.json).run.id, id);
    assert.equal((await post(shop.testEnv.service, '/sync/orders', {})).status, 202);
    assert.equal((await post(shop.testEnv.service, '/sync/customers/stop', {})).status, 200);
    const stopped = await seen(shop.testEnv, id, hasEnded);
    assert.equal(stopped.state, 'stopped');
    assert.equal(stopped.counts.read, settled(stopped));
    await slow.clear();
    await shop.testEnv.app.settled();
    const again = await shop.testEnv.sync('customers');
    assert.equal(again.state, 'completed');
  });
});

describe('what is shown of a run', () => {
  test('what was read is delivered, skipped or rejected, and the reasons are counted', async () => {
    await using own = await startOrderShop();
    const [good, nobody] = [newOrder(), newOrder({ customerEmail: undefined, customerId: undefined })];
    const refused = newOrder({ customerEmail: 'no e-mail at all' });
    await own.addRecords(good, nobody, refused);
    const { state, counts } = await own.testEnv.sync('orders');
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
    const { id } = await shop.testEnv.sync('orders', { ids: ['nobody'] });
    for (const path of ['/sync', '/sync/status', '/sync/orders']) {
      const { running, ended } = await shown(shop.testEnv, path);
      assert.equal(running.length, 0);
      assert.equal(ended[0]?.id, id);
    }
    assert.ok((await shown(shop.testEnv, '/sync/products')).ended.every((run) => run.resource === 'products'));
  });

  test('every record of many pages is read once', async () => {
    const { counts } = await shop.testEnv.sync('customers');
    assert.deepEqual([counts.read, counts.delivered], [45, 45]);
    assert.equal((await shop.profiles()).filter(({ external_id }) => external_id !== undefined).length, 45);
  });
});

describe('a run that cannot go on waits, says for what, and goes on by itself', () => {
  for (const path of ['customers', 'products']) {
    test(`commercetools' ${path} away: not failed, not looping, nothing skipped`, async () => {
      await using own = await startOrderShop({ settings: { commercetools: { retries: 0 } } });
      const [customer, order] = [newCustomer(), newOrder()];
      await own.addRecords(customer);
      await own.addRecords(order);
      const resource = path === 'customers' ? 'customers' : 'orders';
      const outage = await own.injectFault({ kind: 'status', status: 503, path: `/shop/${path}` });
      const { id } = await started(own.testEnv, `/sync/${resource}`);
      const waiting = await seen(own.testEnv, id, ({ state }) => state === 'paused');
      assert.match(waiting.problem ?? '', /commercetools/);
      assert.ok((await outage.matchCount()) < 10);
      await outage.clear();
      const run = await seen(own.testEnv, id, hasEnded);
      assert.deepEqual(
        [run.state, run.counts.delivered, run.counts.skipped, run.problem],
        ['completed', 1, 0, undefined],
      );
    });
  }

  test('Klaviyo away', async () => {
    await using own = await startOrderShop({ settings: { klaviyo: { retries: 0 } } });
    const customers = [newCustomer(), newCustomer()] as const;
    await own.addRecords(...customers);
    own.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, body: '<html>', path: '/api/profile' });
    const { id } = await started(own.testEnv, '/sync/customers');
    const waiting = await seen(own.testEnv, id, ({ state }) => state === 'paused');
    assert.match(waiting.problem ?? '', /Klaviyo answered 503/);
    own.testEnv.klaviyo.faults.clear();
    const run = await seen(own.testEnv, id, hasEnded);
    assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', 2, 0]);
    assert.equal((await own.profiles()).length, 2);
  });

  test('an unauthorized key is shown as the problem, and the paused run can be stopped', async () => {
    await using own = await startOrderShop({ env: { KLAVIYO_AUTH_KEY: 'pk_other' } });
    await own.addRecords(newCustomer());
    const { id } = await started(own.testEnv, '/sync/customers');
    const waiting = await seen(own.testEnv, id, ({ state }) => state === 'paused');
    assert.match(waiting.problem ?? '', /401/);
    await post(own.testEnv.service, '/sync/customers/stop', {});
    assert.equal((await seen(own.testEnv, id, hasEnded)).state, 'stopped');
  });
});

test('a record that Klaviyo rejects does not stop the sync; it is counted with its reason', async () => {
  await using own = await startOrderShop();
  const customers = Array.from({ length: 20 }, () => newCustomer());
  const odd = newCustomer({ email: 'double..dot@example.com' });
  await own.addRecords(odd, ...customers);
  const { state, counts } = await own.testEnv.sync('customers');
  assert.deepEqual([state, counts.read, counts.delivered, counts.rejected], ['completed', 21, 20, 1]);
  assert.equal((await own.profiles()).length, 20);
});
