/** Tests of the catalog endpoints: relationships, missing records, and bulk jobs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import {
  category,
  idOf,
  item,
  pathOf,
  startTestClient,
  type TestClient,
  untilComplete,
  variant,
} from './test-client.ts';

async function startShop(): Promise<TestClient> {
  const client = await startTestClient();
  await client.request('POST', '/api/catalog-categories', { data: category('women') });
  await client.request('POST', '/api/catalog-items', { data: item('p1', ['women']) });
  await client.request('POST', '/api/catalog-variants', { data: variant('sku-1', 'p1') });
  return client;
}

test('an item is created with its category, listed with its variants, and cleared by null in an update', async () => {
  const { request } = await startShop();
  const attributes = { price: 20, image_full_url: 'https://example.com/a.png', custom_metadata: { a: '{}' } };
  const updated = await request('PATCH', pathOf('catalog-items', 'p1'), {
    data: { type: 'catalog-item', id: idOf('p1'), attributes },
  });
  assert.deepEqual([updated.status, updated.data[0]?.attributes.price], [200, 20]);
  await request('PATCH', pathOf('catalog-items', 'p1'), {
    data: { type: 'catalog-item', id: idOf('p1'), attributes: { image_full_url: null } },
  });
  const filter = encodeURIComponent(`any(ids,['${idOf('p1')}','${idOf('none')}'])`);
  const listed = await request('GET', `/api/catalog-items?filter=${filter}&include=variants`);
  assert.deepEqual(
    listed.data.map(({ attributes: { price, image_full_url } }) => [price, image_full_url]),
    [[20, '']],
  );
  assert.deepEqual(
    listed.included.map(({ id }) => id),
    [idOf('sku-1')],
  );
});

test('a listing contains the variants of an item but not its categories, which the relationship endpoint returns', async () => {
  const { request } = await startShop();
  const [shown] = (await request('GET', pathOf('catalog-items', 'p1'))).data;
  assert.deepEqual(Object.keys(shown?.relationships ?? {}), ['variants']);
  assert.equal((await request('GET', '/api/catalog-items?include=categories')).status, 400);
  const links = await request('GET', `${pathOf('catalog-items', 'p1')}/relationships/categories`);
  assert.deepEqual(
    links.data.map(({ id }) => id),
    [idOf('women')],
  );
});

test('creating an existing record gets 409 with a pointer to the external_id', async () => {
  const { request } = await startShop();
  for (const [path, data] of [
    ['items', item('p1')],
    ['variants', variant('sku-1', 'p1')],
    ['categories', category('women')],
  ] as const) {
    const response = await request('POST', `/api/catalog-${path}`, { data });
    assert.deepEqual([response.status, response.errors], [409, ['duplicate_result /data/attributes/external_id']]);
  }
});

test('updating or deleting an unknown record gets 404', async () => {
  const { request } = await startShop();
  const data = { type: 'catalog-item', id: idOf('none'), attributes: {} };
  assert.equal((await request('PATCH', pathOf('catalog-items', 'none'), { data })).status, 404);
  assert.equal((await request('DELETE', pathOf('catalog-variants', 'none'))).status, 404);
});

test('an item requires its categories and a variant its item; the pointer names the missing one', async () => {
  const { request } = await startShop();
  const lost = await request('POST', '/api/catalog-items', { data: item('p2', ['women', 'men']) });
  assert.deepEqual([lost.status, lost.errors], [404, ['not_found /data/relationships/categories/data/1/id']]);
  const orphan = await request('POST', '/api/catalog-variants', { data: variant('sku-2', 'p2') });
  assert.deepEqual([orphan.status, orphan.errors], [404, ['not_found /data/relationships/item/data/id']]);
});

test('a variant cannot move to another item', async () => {
  const { request } = await startShop();
  await request('POST', '/api/catalog-items', { data: item('p2') });
  const data = {
    type: 'catalog-variant',
    id: idOf('sku-1'),
    attributes: {},
    relationships: { item: { data: { type: 'catalog-item', id: idOf('p2') } } },
  };
  const response = await request('PATCH', pathOf('catalog-variants', 'sku-1'), { data });
  assert.deepEqual([response.status, response.errors], [400, ['invalid /data/relationships']]);
});

test('deleting an item deletes its variants; deleting a category keeps its items', async () => {
  const { request, sandbox, inspect } = await startShop();
  assert.equal((await request('DELETE', pathOf('catalog-categories', 'women'))).status, 204);
  assert.deepEqual((await inspect('items'))[0]?.categories, []);
  assert.equal((await request('DELETE', pathOf('catalog-items', 'p1'))).status, 204);
  assert.deepEqual([sandbox.state().items, sandbox.state().variants], [0, 0]);
});

test('categories of an item can be added, replaced and removed, from the item or the category', async () => {
  const { request } = await startShop();
  for (const id of ['men', 'kids']) await request('POST', '/api/catalog-categories', { data: category(id) });
  const path = `${pathOf('catalog-items', 'p1')}/relationships/categories`;
  const links = (...ids: string[]) => ({ data: ids.map((id) => ({ type: 'catalog-category', id: idOf(id) })) });
  const shown = async () => (await request('GET', path)).data.map(({ id }) => id.split(':::')[2]).sort();
  assert.equal((await request('POST', path, links('men'))).status, 204);
  assert.deepEqual(await shown(), ['men', 'women']);
  await request('PATCH', path, links('kids', 'men'));
  assert.deepEqual(await shown(), ['kids', 'men']);
  await request('DELETE', path, links('men'));
  assert.deepEqual(await shown(), ['kids']);
  const items = { data: [{ type: 'catalog-item', id: idOf('p1') }] };
  await request('POST', `${pathOf('catalog-categories', 'women')}/relationships/items`, items);
  assert.deepEqual(await shown(), ['kids', 'women']);
  assert.deepEqual((await request('POST', path, links('nowhere'))).errors, ['not_found /data/0/id']);
  assert.deepEqual((await request('POST', path, links('women'))).errors, ['conflict /data/id']);
});

test('custom metadata must be flat and at most 100 KB', async () => {
  const { request } = await startShop();
  const nested = await request('POST', '/api/catalog-items', {
    data: item('p2', [], { custom_metadata: { price: { EUR: 1 } } }),
  });
  assert.deepEqual(nested.errors, ['invalid /data/attributes/custom_metadata/price']);
  const large = await request('POST', '/api/catalog-items', {
    data: item('p2', [], { custom_metadata: { a: 'x'.repeat(100_001) } }),
  });
  assert.deepEqual(large.errors, ['invalid /data/attributes/custom_metadata']);
});

test('only a variant whose stock rises from 0 is recorded as back in stock', async () => {
  const { request, sandbox } = await startShop();
  for (const inventory_quantity of [5, 0, 0, 2]) {
    await request('PATCH', pathOf('catalog-variants', 'sku-1'), {
      data: { type: 'catalog-variant', id: idOf('sku-1'), attributes: { inventory_quantity } },
    });
  }
  assert.deepEqual(
    sandbox.state().backInStock.map(({ variantId, to }) => [variantId, to]),
    [[idOf('sku-1'), 2]],
  );
});

test('a SKU can contain any character if it is encoded in the path', async () => {
  const { request } = await startShop();
  const sku = 'Größe 38/40 "a" #1?%';
  await request('POST', '/api/catalog-variants', { data: variant(sku, 'p1') });
  assert.equal((await request('GET', pathOf('catalog-variants', sku))).data[0]?.attributes.sku, sku);
  assert.equal((await request('DELETE', pathOf('catalog-variants', sku))).status, 204);
});

function job(kind: 'item' | 'variant' | 'category', verb: 'create' | 'update' | 'delete', records: object[]) {
  const type = `catalog-${kind}-bulk-${verb}-job`;
  const field = kind === 'category' ? 'categories' : `${kind}s`;
  return { path: `/api/${type}s`, body: { data: { type, attributes: { [field]: { data: records } } } } };
}

async function run(client: TestClient, { path, body }: ReturnType<typeof job>) {
  const started = await client.request('POST', path, body);
  assert.equal(started.status, 202);
  return (await untilComplete(client, `${path}/${started.data[0]?.id}`)).data[0]?.attributes ?? {};
}

test('records of a job do not exist before it completes', async () => {
  const { request } = await startTestClient({ jobMs: 60_000 });
  const { path, body } = job('category', 'create', [category('women')]);
  const started = await request('POST', path, body);
  assert.deepEqual([started.status, started.data[0]?.attributes.status], [202, 'processing']);
  assert.equal((await request('POST', '/api/catalog-items', { data: item('p1', ['women']) })).status, 404);
});

test('jobs create, update and delete categories, items and variants', async () => {
  const client = await startTestClient();
  assert.deepEqual((await run(client, job('category', 'create', [category('women')]))).errors, []);
  assert.deepEqual((await run(client, job('item', 'create', [item('p1', ['women'])]))).errors, []);
  assert.deepEqual((await run(client, job('variant', 'create', [variant('a', 'p1'), variant('b', 'p1')]))).errors, []);
  const changed = { type: 'catalog-item', id: idOf('p1'), attributes: { title: 'Shirt' } };
  assert.deepEqual((await run(client, job('item', 'update', [changed]))).errors, []);
  assert.equal((await client.inspect('items'))[0]?.title, 'Shirt');
  assert.deepEqual(
    (await run(client, job('variant', 'delete', [{ type: 'catalog-variant', id: idOf('a') }]))).errors,
    [],
  );
  const { items, variants, categories } = client.sandbox.state();
  assert.deepEqual([items, variants, categories], [1, 1, 1]);
});

test('a job counts failed records, names each by its id, and applies the others', async () => {
  const client = await startShop();
  const created = await run(
    client,
    job('item', 'create', [item('p2'), item('p1'), item('p3', ['nowhere']), item('p2')]),
  );
  assert.deepEqual([created.total_count, created.completed_count, created.failed_count], [4, 1, 3]);
  const errors = z
    .array(
      z.object({ code: z.string(), meta: z.object({ id: z.string() }), source: z.object({ pointer: z.string() }) }),
    )
    .parse(created.errors);
  assert.deepEqual(
    errors.map(({ code, meta, source }) => [code, meta.id, source.pointer]),
    [
      ['invalid', idOf('p1'), '/data/attributes/items/data/id'],
      ['invalid', idOf('p3'), '/data/attributes/items/data/relationships/categories/data/id'],
      ['invalid', idOf('p2'), '/data/attributes/items/data/id'],
    ],
  );
  const gone = await run(client, job('variant', 'delete', [{ type: 'catalog-variant', id: idOf('none') }]));
  assert.equal(gone.failed_count, 1);
});

test('a job with a record of the wrong type or with 101 records is rejected immediately', async () => {
  const { request } = await startTestClient();
  const wrong = job('item', 'create', [item('p1'), item('p2', [], { price: '10' })]);
  assert.deepEqual((await request('POST', wrong.path, wrong.body)).errors, [
    'invalid /data/attributes/items/data/1/attributes/price',
  ]);
  const many = job(
    'category',
    'create',
    [...Array(101).keys()].map((n) => category(String(n))),
  );
  assert.deepEqual((await request('POST', many.path, many.body)).errors, ['invalid /data/attributes/categories/data']);
});

test('the 501st job in progress gets 429 with Retry-After', async () => {
  const { request } = await startTestClient({ jobMs: 60_000 });
  const { path, body } = job('category', 'create', [category('women')]);
  for (let n = 0; n < 500; n += 1) await request('POST', path, body);
  const response = await request('POST', path, body);
  assert.deepEqual([response.status, response.headers.get('retry-after')], [429, '1']);
});
