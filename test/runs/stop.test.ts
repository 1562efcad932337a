/** A run that is to end before its end does end, wherever it is just then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { customer, id, order } from '../fixtures/index.ts';
import { startTestEnv } from '../test-env.ts';
import { ended, inFlight, ownReplica, slowDown } from './replicas.ts';

test('a sync that is stopped while more pages are read than can be worked on ends, and can be resumed', async () => {
  const commercetools = { retries: 1, largePageSize: 5 };
  await using testEnv = await startTestEnv({
    settings: { commercetools, runs: { checkpointSeconds: 0.05, leaseSeconds: 1 } },
  });
  await testEnv.addRecords('customer', customer({ id: id('c1') }));
  const payment = { paymentInfo: { payments: [{ typeId: 'payment', id: id('a1') }] } };
  // Spread over all ranges of ids, so that each of them has pages to read.
  const idOf = (n: number) =>
    `${(n * 997 + 4096).toString(16).padStart(8, n % 2 ? '0' : 'e')}-0000-4000-8000-000000000000`;
  const orders = Array.from({ length: 200 }, (_, n) => order({ id: idOf(n), orderNumber: `o${n}`, ...payment }));
  await testEnv.addRecords('order', ...orders);
  const quicken = await slowDown(testEnv, 'payments', 400);
  const one = ownReplica(testEnv);
  const { run } = await one.post('orders');
  await inFlight(one, run?.id, 40);
  await one.post('orders/stop');
  assert.equal((await ended(one, run?.id)).state, 'stopped');
  await quicken();
  const resumed = await one.post('orders', { resume: true });
  const whole = await ended(one, resumed.run?.id);
  assert.deepEqual([whole.state, whole.counts.read, whole.counts.delivered], ['completed', 200, 200]);
});
