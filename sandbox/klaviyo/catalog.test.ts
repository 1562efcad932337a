// The catalogue: what belongs to what, and what a caller is told when it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asking, category, idOf, item, pathOf, startAsking, untilComplete, variant } from './test-client.ts';

async function startShop(): Promise<Asking> {
  const asking = await startAsking();
  await asking.ask('POST', '/api/catalog-categories', { data: category('women') });
  await asking.ask('POST', '/api/catalog-items', { data: item('p1', ['women']) });
  await asking.ask('POST', '/api/catalog-variants', { data: variant('sku-1', 'p1') });
  return asking;
}

test('an item is created with its category, shown with its variants, and what is null is emptied by an update', async () => {
  const { ask } = await startShop();
  const attributes = { price: 20, image_full_url: 'https://example.com/a.png', custom_metadata: { a: '{}' } };
  const updated = await ask('PATCH', pathOf('catalog-items', 'p1'), {
    data: { type: 'catalog-item', id: idOf('p1'), attributes },
  });
  assert.deepEqual([updated.status, updated.data[0]?.attributes.price], [200, 20]);
  await ask('PATCH', pathOf('catalog-items', 'p1'), {
    data: { type: 'catalog-item', id: idOf('p1'), attributes: { image_full_url: null } },
  });
  const filter = encodeURIComponent(`any(ids,['${idOf('p1')}','${idOf('none')}'])`);
  const listed = await ask('GET', `/api/catalog-items?filter=${filter}&include=variants`);
  assert.deepEqual(
    listed.data.map(({ attributes: { price, image_full_url } }) => [price, image_full_url]),
    [[20, null]],
  );
  assert.deepEqual(
    listed.included.map(({ id }) => id),
    [idOf('sku-1')],
  );
});

test('a listing names the variants of an item but never its categories: those come from the relationship', async () => {
  const { ask } = await startShop();
  const [shown] = (await ask('GET', pathOf('catalog-items', 'p1'))).data;
  assert.deepEqual(shown?.relationships, { variants: { data: [{ type: 'catalog-variant', id: idOf('sku-1') }] } });
  assert.equal((await ask('GET', '/api/catalog-items?include=categories')).status, 400);
  const links = await ask('GET', `${pathOf('catalog-items', 'p1')}/relationships/categories`);
  assert.deepEqual(
    links.data.map(({ id }) => id),
    [idOf('women')],
  );
});

test('creating what exists is a conflict with a pointer to the external_id', async () => {
  const { ask } = await startShop();
  for (const [path, data] of [
    ['items', item('p1')],
    ['variants', variant('sku-1', 'p1')],
    ['categories', category('women')],
  ] as const) {
    const answer = await ask('POST', `/api/catalog-${path}`, { data });
    assert.deepEqual([answer.status, answer.problems], [409, ['duplicate_result /data/attributes/external_id']]);
  }
});

test('updating and deleting what does not exist is not found', async () => {
  const { ask } = await startShop();
  const data = { type: 'catalog-item', id: idOf('none'), attributes: {} };
  assert.equal((await ask('PATCH', pathOf('catalog-items', 'none'), { data })).status, 404);
  assert.equal((await ask('DELETE', pathOf('catalog-variants', 'none'))).status, 404);
});

test('an item needs its categories and a variant its item: the pointer says which is missing', async () => {
  const { ask } = await startShop();
  const lost = await ask('POST', '/api/catalog-items', { data: item('p2', ['women', 'men']) });
  assert.deepEqual([lost.status, lost.problems], [404, ['not_found /data/relationships/categories/data/1/id']]);
  const orphan = await ask('POST', '/api/catalog-variants', { data: variant('sku-2', 'p2') });
  assert.deepEqual([orphan.status, orphan.problems], [404, ['not_found /data/relationships/item/data/id']]);
});

test('a variant cannot move to another item', async () => {
  const { ask } = await startShop();
  await ask('POST', '/api/catalog-items', { data: item('p2') });
  const data = {
    type: 'catalog-variant',
    id: idOf('sku-1'),
    attributes: {},
    relationships: { item: { data: { type: 'catalog-item', id: idOf('p2') } } },
  };
  const answer = await ask('PATCH', pathOf('catalog-variants', 'sku-1'), { data });
  assert.deepEqual([answer.status, answer.problems], [400, ['invalid /data/relationships']]);
});

test('deleting an item deletes its variants, deleting a category leaves its items', async () => {
  const { ask, sandbox, seen } = await startShop();
  assert.equal((await ask('DELETE', pathOf('catalog-categories', 'women'))).status, 204);
  assert.deepEqual((await seen('items'))[0]?.categories, []);
  assert.equal((await ask('DELETE', pathOf('catalog-items', 'p1'))).status, 204);
  assert.deepEqual([sandbox.state().items, sandbox.state().variants], [0, 0]);
});

test('the categories of an item can be added, replaced and removed, from either side', async () => {
  const { ask } = await startShop();
  for (const id of ['men', 'kids']) await ask('POST', '/api/catalog-categories', { data: category(id) });
  const path = `${pathOf('catalog-items', 'p1')}/relationships/categories`;
  const links = (...ids: string[]) => ({ data: ids.map((id) => ({ type: 'catalog-category', id: idOf(id) })) });
  const shown = async () => (await ask('GET', path)).data.map(({ id }) => id.split(':::')[2]).sort();
  assert.equal((await ask('POST', path, links('men'))).status, 204);
  assert.deepEqual(await shown(), ['men', 'women']);
  await ask('PATCH', path, links('kids', 'men'));
  assert.deepEqual(await shown(), ['kids', 'men']);
  await ask('DELETE', path, links('men'));
  assert.deepEqual(await shown(), ['kids']);
  const items = { data: [{ type: 'catalog-item', id: idOf('p1') }] };
  await ask('POST', `${pathOf('catalog-categories', 'women')}/relationships/items`, items);
  assert.deepEqual(await shown(), ['kids', 'women']);
  assert.deepEqual((await ask('POST', path, links('nowhere'))).problems, ['not_found /data/0/id']);
});

test('custom metadata must be flat and at most 100 KB', async () => {
  const { ask } = await startShop();
  const nested = await ask('POST', '/api/catalog-items', {
    data: item('p2', [], { custom_metadata: { price: { EUR: 1 } } }),
  });
  assert.deepEqual(nested.problems, ['invalid /data/attributes/custom_metadata/price']);
  const large = await ask('POST', '/api/catalog-items', {
    data: item('p2', [], { custom_metadata: { a: 'x'.repeat(100_001) } }),
  });
  assert.deepEqual(large.problems, ['invalid /data/attributes/custom_metadata']);
});

test('a variant whose stock goes from 0 to more is noted as back in stock, other changes are not', async () => {
  const { ask, sandbox } = await startShop();
  for (const inventory_quantity of [5, 0, 0, 2]) {
    await ask('PATCH', pathOf('catalog-variants', 'sku-1'), {
      data: { type: 'catalog-variant', id: idOf('sku-1'), attributes: { inventory_quantity } },
    });
  }
  assert.deepEqual(
    sandbox.state().backInStock.map(({ variantId, to }) => [variantId, to]),
    [[idOf('sku-1'), 2]],
  );
});

test('a sku may hold any character when it is encoded in the path', async () => {
  const { ask } = await startShop();
  const sku = 'Größe 38/40 "a" #1?%';
  await ask('POST', '/api/catalog-variants', { data: variant(sku, 'p1') });
  assert.equal((await ask('GET', pathOf('catalog-variants', sku))).data[0]?.attributes.sku, sku);
  assert.equal((await ask('DELETE', pathOf('catalog-variants', sku))).status, 204);
});

function job(kind: 'item' | 'variant' | 'category', verb: 'create' | 'update' | 'delete', records: object[]) {
  const type = `catalog-${kind}-bulk-${verb}-job`;
  const field = kind === 'category' ? 'categories' : `${kind}s`;
  return { path: `/api/${type}s`, body: { data: { type, attributes: { [field]: { data: records } } } } };
}

async function run(asking: Asking, { path, body }: ReturnType<typeof job>) {
  const started = await asking.ask('POST', path, body);
  assert.equal(started.status, 202);
  return (await untilComplete(asking, `${path}/${started.data[0]?.id}`)).data[0]?.attributes ?? {};
}

test('what a job makes is not there before it is complete', async () => {
  const { ask } = await startAsking({ jobMs: 60_000 });
  const { path, body } = job('category', 'create', [category('women')]);
  const started = await ask('POST', path, body);
  assert.deepEqual([started.status, started.data[0]?.attributes.status], [202, 'queued']);
  assert.equal((await ask('POST', '/api/catalog-items', { data: item('p1', ['women']) })).status, 404);
});

test('jobs create categories, items and variants, change and delete them', async () => {
  const asking = await startAsking();
  assert.deepEqual((await run(asking, job('category', 'create', [category('women')]))).errors, []);
  assert.deepEqual((await run(asking, job('item', 'create', [item('p1', ['women'])]))).errors, []);
  assert.deepEqual((await run(asking, job('variant', 'create', [variant('a', 'p1'), variant('b', 'p1')]))).errors, []);
  const changed = { type: 'catalog-item', id: idOf('p1'), attributes: { title: 'Shirt' } };
  assert.deepEqual((await run(asking, job('item', 'update', [changed]))).errors, []);
  assert.equal((await asking.seen('items'))[0]?.title, 'Shirt');
  assert.deepEqual(
    (await run(asking, job('variant', 'delete', [{ type: 'catalog-variant', id: idOf('a') }]))).errors,
    [],
  );
  const { items, variants, categories } = asking.sandbox.state();
  assert.deepEqual([items, variants, categories], [1, 1, 1]);
});

test('a job counts the records that failed and points at each, the others are done', async () => {
  const asking = await startShop();
  const created = await run(
    asking,
    job('item', 'create', [item('p2'), item('p1'), item('p3', ['nowhere']), item('p2')]),
  );
  assert.deepEqual([created.total_count, created.completed_count, created.failed_count], [4, 1, 3]);
  const text = JSON.stringify(created.errors);
  for (const pointer of [
    '1/attributes/external_id',
    '2/relationships/categories/data/0/id',
    '3/attributes/external_id',
  ]) {
    assert.ok(text.includes(`/data/attributes/items/data/${pointer}`), pointer);
  }
  const gone = await run(asking, job('variant', 'delete', [{ type: 'catalog-variant', id: idOf('none') }]));
  assert.equal(gone.failed_count, 1);
});

test('a job with an ill-typed record is refused at once, and so are 101 records', async () => {
  const { ask } = await startAsking();
  const wrong = job('item', 'create', [item('p1'), item('p2', [], { price: '10' })]);
  assert.deepEqual((await ask('POST', wrong.path, wrong.body)).problems, [
    'invalid /data/attributes/items/data/1/attributes/price',
  ]);
  const many = job(
    'category',
    'create',
    [...Array(101).keys()].map((n) => category(String(n))),
  );
  assert.deepEqual((await ask('POST', many.path, many.body)).problems, ['invalid /data/attributes/categories/data']);
});

test('the five hundred and first job in progress is refused with a time to come back', async () => {
  const { ask } = await startAsking({ jobMs: 60_000 });
  const { path, body } = job('category', 'create', [category('women')]);
  for (let n = 0; n < 500; n += 1) await ask('POST', path, body);
  const answer = await ask('POST', path, body);
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '1']);
});
