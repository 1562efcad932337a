/** Bulk syncs with every way in which commercetools may treat several predicates, invented ids and long URLs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commercetoolsVariants } from '../../sandbox/commercetools/behaviours.ts';
import { type CommercetoolsClient, createCommercetoolsClient } from '../../src/commercetools/client.ts';
import { createLookups } from '../../src/commercetools/lookups/create.ts';
import { iteratePages, queryByField, urlLimits } from '../../src/commercetools/pagination.ts';
import { chunksOf } from '../../src/lib/chunks.ts';
import { customer, id, type Json } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const settings = { commercetools: { retries: 1, pageSize: 5 } };

/** Customers whose ids are spread over all ranges. */
function spreadCustomers(count: number): Json[] {
  return Array.from({ length: count }, (_, n) => {
    const head = ((n * 0x1_0000_0000) / count).toString(16).padStart(8, '0').slice(0, 8);
    return customer({ id: id('c1').replace(/^.{8}/, head), email: `c${n}@example.com`, addresses: [] });
  });
}

for (const repeatedWhere of commercetoolsVariants.repeatedWhere)
  for (const inventedIdBound of commercetoolsVariants.inventedIdBound)
    test(`a sync reads each record once with repeatedWhere ${repeatedWhere} and inventedIdBound ${inventedIdBound}`, async () => {
      await using testEnv = await startTestEnv({ settings, commercetools: { repeatedWhere, inventedIdBound } });
      await testEnv.addRecords('customer', ...spreadCustomers(33));
      const run = await testEnv.sync('customers');
      assert.deepEqual([run.state, run.counts.read, run.counts.delivered], ['completed', 33, 33]);
      assert.equal(run.checkpoint?.ranges.length === 1, inventedIdBound === 'refused');
      const changed = await testEnv.sync('customers', { since: '2026-03-14' });
      assert.deepEqual([changed.state, changed.counts.read], ['completed', 33]);
    });

test('a run waits while commercetools is unavailable before its ranges are planned', async () => {
  await using testEnv = await startTestEnv({ settings: { commercetools: { retries: 0 } } });
  await testEnv.addRecords('customer', ...spreadCustomers(3));
  const path = `^/${testEnv.shop.projectKey}/customers`;
  testEnv.shop.faults.add({ path, kind: 'status', status: 503, times: 1 });
  const run = await testEnv.sync('customers');
  assert.deepEqual([run.state, run.counts.read], ['completed', 3]);
});

/** A client that answers 414 to URLs above a length, as a proxy may, and notes the lengths. */
function proxied({ shop }: TestEnv, maxLength: number): { client: CommercetoolsClient; lengths: number[] } {
  const { url: apiUrl, authUrl, projectKey, clientId, clientSecret } = shop;
  const access = { apiUrl, authUrl, projectKey, clientId, clientSecret };
  const real = createCommercetoolsClient({ ...access, scopes: [], timeoutMs: 5_000, retries: 0 });
  const lengths: number[] = [];
  const client: CommercetoolsClient = {
    ...real,
    get(path, query = {}) {
      const pairs = Object.entries(query).flatMap(([name, value]) =>
        [value].flat().map((item): [string, string] => [name, String(item)]),
      );
      const length = `${apiUrl}/${projectKey}/${path}?${new URLSearchParams(pairs)}`.length;
      lengths.push(length);
      return length > maxLength ? real.get('x'.repeat(9_000)) : real.get(path, query);
    },
  };
  return { client, lengths };
}

test('queries by ids have URLs of at most 6,000 characters, also with a full page', async () => {
  await using testEnv = await startTestEnv();
  const { client, lengths } = proxied(testEnv, 8_000);
  const skus = Array.from({ length: 400 }, (_, n) => `Größe "${n}" & Länge / Weite`);
  const lookups = createLookups(client);
  await Promise.all(skus.map((sku) => lookups.productsWithSku(sku)));
  for await (const _ of iteratePages(client, { resource: 'customers', query: { ids: skus } }));
  assert.ok(lengths.length > 2 && Math.max(...lengths) <= 6_000);
});

test('a query whose URL is refused is split in half until it fits; each record is found once', async () => {
  await using testEnv = await startTestEnv();
  const customers = spreadCustomers(90);
  await testEnv.addRecords('customer', ...customers);
  const { client } = proxied(testEnv, 1_500);
  const ids = customers.map((record) => String(record.id));
  const lookups = createLookups(client);
  const found = await Promise.all(ids.map((id) => lookups.customer(id)));
  assert.deepEqual(
    found.map((record) => record?.id),
    ids,
  );
  const [chunk = []] = chunksOf(ids, urlLimits);
  assert.equal((await queryByField(client, { path: 'customers', field: 'id', values: chunk })).length, chunk.length);
});
