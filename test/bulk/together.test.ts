/** What goes out together in a sync arrives record by record: repeats, comparisons, what changes meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { newProduct } from '../mapping/catalog-fixture.ts';
import { newCustomer, newOrder, startOrderShop } from '../mapping/order-fixture.ts';

const writes = z.object({ counts: z.record(z.string(), z.record(z.string(), z.number())) });

async function writesOf(url: string): Promise<Record<string, number>> {
  const { counts } = writes.parse(await (await fetch(`${url}/sandbox/requests`)).json());
  const written = Object.entries(counts).filter(([name]) => /^(bulk_)?(create|update|delete)_/.test(name));
  return Object.fromEntries(written.map(([name, byStatus]) => [name, byStatus['202'] ?? byStatus['200'] ?? 0]));
}

for (const repeatedUniqueId of ['ignored', 'rejected'] as const) {
  test(`a second import of the same orders changes nothing, where Klaviyo has repeats ${repeatedUniqueId}`, async () => {
    await using shop = await startOrderShop({ klaviyo: { repeatedUniqueId } });
    const [first, ...others] = Array.from({ length: 60 }, () => newOrder());
    assert.ok(first);
    await shop.addRecords(first, ...others);
    for (const _time of ['first', 'second']) {
      const { counts, state } = await shop.testEnv.sync('orders');
      assert.deepEqual([state, counts.delivered, counts.rejected], ['completed', 60, 0]);
      assert.equal((await shop.events({})).length, 120);
    }
  });
}

test('many orders are few requests', async () => {
  await using shop = await startOrderShop();
  const [first, ...others] = Array.from({ length: 200 }, () => newOrder());
  assert.ok(first);
  await shop.addRecords(first, ...others);
  assert.equal((await shop.testEnv.sync('orders')).counts.delivered, 200);
  const { bulk_create_events: together = 0, create_event: alone = 0 } = await writesOf(shop.testEnv.klaviyo.url);
  assert.ok(together + alone < 40, `${together} bodies and ${alone} events alone`);
});

test('a second sync of an unchanged catalogue writes nothing; {"force": true} writes everything', async () => {
  await using shop = await startOrderShop();
  for (let index = 0; index < 12; index += 1) await shop.testEnv.addRecords('product', newProduct().record);
  assert.equal((await shop.testEnv.sync('products')).counts.rejected, 0);
  const before = await writesOf(shop.testEnv.klaviyo.url);
  await shop.testEnv.sync('products');
  assert.deepEqual(await writesOf(shop.testEnv.klaviyo.url), before);
  await shop.testEnv.sync('products', { force: true });
  assert.notDeepEqual(await writesOf(shop.testEnv.klaviyo.url), before);
});

test('a customer who is created behind the position of a running sync arrives by its end', async () => {
  await using shop = await startOrderShop({
    settings: { commercetools: { pageSize: 2, ranges: 1 } },
    overrides: { now: () => new Date() },
  });
  const at = (index: number) => `c0000000-0000-4000-8000-0000000000${String(index).padStart(2, '0')}`;
  const [first, ...others] = Array.from({ length: 12 }, (_, index) => newCustomer({ id: at(index) }));
  assert.ok(first);
  await shop.addRecords(first, ...others);
  await shop.injectFault({ kind: 'delay', ms: 150, path: '^/[^/]+/customers' });
  const running = shop.testEnv.sync('customers');
  while ((await shop.profiles()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const moment = new Date().toISOString();
  const late = newCustomer({ id: '00000000-0000-4000-8000-000000000001', createdAt: moment, lastModifiedAt: moment });
  await shop.addRecords(late);
  assert.equal((await running).state, 'completed');
  assert.equal((await shop.profile(late.id)).external_id, late.id);
});
