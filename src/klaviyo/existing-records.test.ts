/** Tests that lookups are combined into few requests, and how responses are read. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ServedRequest, type ServedResponse, serveKlaviyo } from '../../test/fixtures/klaviyo-server.ts';
import { compoundId, createExistingRecords } from './existing-records.ts';

async function serve(t: TestContext, respond: (request: ServedRequest) => ServedResponse) {
  const requests: ServedRequest[] = [];
  const client = await serveKlaviyo(t, (request) => {
    requests.push(request);
    return respond(request);
  });
  return { existing: createExistingRecords(client), requests };
}

function resource(externalId: string, relationships: object = {}) {
  return { id: compoundId(externalId), attributes: { title: externalId }, relationships };
}

const empty = () => ({ body: { data: [] } });

/** @returns the ids of a request's `any(ids,[…])` filter */
function idsIn({ query }: ServedRequest): string[] {
  const [, ids = ''] = /^any\(ids,(.*)\)$/.exec(query.get('filter') ?? '') ?? [];
  return JSON.parse(ids);
}

test('lookups in the same turn are one request, and a repeated id is requested once', async (t) => {
  const { existing, requests } = await serve(t, () => ({ body: { data: [resource('b')] } }));
  const results = await Promise.all(['a', 'b', 'b'].map((id) => existing.category(id, 'bulk')));
  const record = { externalId: 'b', attributes: { title: 'b' } };
  assert.deepEqual(results, [undefined, record, record]);
  assert.deepEqual(requests.map(idsIn), [['a', 'b'].map(compoundId)]);
});

test('results are not cached', async (t) => {
  const { existing, requests } = await serve(t, empty);
  await existing.category('a', 'bulk');
  await existing.category('a', 'bulk');
  assert.equal(requests.length, 2);
});

test('a request has at most a hundred ids, and fewer when they are too long for a URL', async (t) => {
  const { existing, requests } = await serve(t, empty);
  await Promise.all(Array.from({ length: 150 }, (_, index) => existing.variant(`sku-${index}`, 'bulk')));
  assert.deepEqual(requests.map((request) => idsIn(request).length).toSorted(), [100, 50]);
  requests.length = 0;
  const long = (index: number) => `${index}`.padStart(1_000, 'x');
  await Promise.all(Array.from({ length: 50 }, (_, index) => existing.variant(long(index), 'bulk')));
  assert.equal(requests.flatMap(idsIn).length, 50);
  for (const { query } of requests) assert.ok(String(query).length < 12_500, String(String(query).length));
});

test('a failed request is the result of each of its lookups', async (t) => {
  const { existing } = await serve(t, () => ({ status: 503, body: 'down' }));
  for (const result of await Promise.all(['a', 'b'].map((id) => existing.category(id, 'bulk'))))
    assert.ok(result && 'failure' in result && result.failure.type === 'unavailable');
});

test('a response in another shape is unavailable', async (t) => {
  const { existing } = await serve(t, () => ({ body: { data: 'text' } }));
  for (const result of [await existing.item('a', 'bulk'), await existing.profile('email', 'a', 'bulk')])
    assert.ok(result && 'failure' in result && result.failure.type === 'unavailable');
});

test('an item has its included variants', async (t) => {
  const variants = { data: [{ id: compoundId('sku') }] };
  const included = [resource('sku')];
  const { existing, requests } = await serve(t, () => ({ body: { data: [resource('a', { variants })], included } }));
  const item = await existing.item('a', 'bulk');
  assert.ok(item && 'variants' in item);
  assert.deepEqual([...item.variants], [['sku', { externalId: 'sku', attributes: { title: 'sku' } }]]);
  assert.equal(requests.length, 1);
});

test('an item with a hundred included variants has those of its list, since nothing says that included ones are all', async (t) => {
  const skus = Array.from({ length: 100 }, (_, index) => `sku-${index}`);
  const variants = { data: skus.map((sku) => ({ id: compoundId(sku) })) };
  const { existing } = await serve(t, ({ path }) => {
    if (path.endsWith('/variants')) return { body: { data: [...skus, 'sku-100'].map((sku) => resource(sku)) } };
    return { body: { data: [resource('a', { variants })], included: skus.map((sku) => resource(sku)) } };
  });
  const item = await existing.item('a', 'bulk');
  assert.ok(item && 'variants' in item);
  assert.equal(item.variants.size, 101);
});

for (const [status, expected] of [
  [404, undefined],
  [503, 'unavailable'],
] as const)
  test(`an item whose list of variants is answered ${status} concerns no other item`, async (t) => {
    const unlisted = { data: [{ id: compoundId('not included') }] };
    const { existing } = await serve(t, ({ path }) =>
      path.endsWith('/variants')
        ? { status, body: { errors: [{ code: 'not_found', detail: 'no', source: { pointer: '/data/' } }] } }
        : { body: { data: [resource('odd', { variants: unlisted }), resource('other', { variants: { data: [] } })] } },
    );
    const [odd, other, none] = await Promise.all(['odd', 'other', 'new'].map((id) => existing.item(id, 'bulk')));
    assert.equal(odd && ('failure' in odd ? odd.failure.type : 'found'), expected);
    assert.deepEqual([other && 'variants' in other, none], [true, undefined]);
  });

test('a variant is looked up under its item; an item that does not exist has none', async (t) => {
  const { existing, requests } = await serve(t, ({ path }) =>
    path.includes('missing')
      ? { status: 404, body: { errors: [{ code: 'not_found', detail: 'no', source: { pointer: '/data/' } }] } }
      : { body: { data: [resource('sku')] } },
  );
  assert.deepEqual(await existing.variantOfItem('a', 'sku', 'bulk'), {
    externalId: 'sku',
    attributes: { title: 'sku' },
  });
  assert.equal(await existing.variantOfItem('missing', 'sku', 'bulk'), undefined);
  assert.deepEqual(requests[0] && idsIn(requests[0]), [compoundId('sku')]);
});

test('an item whose id cannot stand in a path is named in the filter', async (t) => {
  const { existing, requests } = await serve(t, empty);
  await existing.variantOfItem('a/b', 'sku', 'bulk');
  assert.equal(requests[0]?.path, '/api/catalog-variants');
  assert.match(requests[0]?.query.get('filter') ?? '', /,equals\(item\.id,"\$custom:::\$default:::a\/b"\)$/);
});

test('a request whose URL is too long for a server on the way is split', async (t) => {
  const { existing, requests } = await serve(t, (request) => {
    const ids = idsIn(request);
    if (ids.length > 3) return { status: 414, body: '<html>too long</html>' };
    return { body: { data: ids.map((id) => resource(id.split(':').at(-1) ?? '')) } };
  });
  const found = await Promise.all(Array.from({ length: 10 }, (_, index) => existing.variant(`sku-${index}`, 'bulk')));
  assert.deepEqual(
    found.map((record) => record && 'externalId' in record && record.externalId),
    Array.from({ length: 10 }, (_, index) => `sku-${index}`),
  );
  assert.ok(requests.length > 4);
});

test('an item whose variants are not all included has those of its list', async (t) => {
  const variants = { data: [{ id: compoundId('sku-1') }, { id: compoundId('sku-2') }] };
  const { existing } = await serve(t, ({ path }) =>
    path.endsWith('/variants')
      ? { body: { data: [resource('sku-1'), resource('sku-2')] } }
      : { body: { data: [resource('a', { variants })], included: [resource('sku-1')] } },
  );
  const item = await existing.item('a', 'bulk');
  assert.ok(item && 'variants' in item);
  assert.deepEqual([...item.variants.keys()], ['sku-1', 'sku-2']);
});

test('a profile is found by its e-mail in any case', async (t) => {
  const attributes = { email: 'Anna@example.test', external_id: null };
  const { existing } = await serve(t, () => ({ body: { data: [{ id: 'profile-1', attributes }] } }));
  assert.deepEqual(await existing.profile('email', 'ANNA@example.test', 'realtime'), {
    id: 'profile-1',
    hasAddress: false,
    email: 'Anna@example.test',
  });
});
