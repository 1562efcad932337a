/** Tests of behaviour that users of the real API reported, but of which no response was recorded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { category, idOf, item, pathOf, startTestClient, untilComplete, variant } from './test-client.ts';

test('a variant cannot include its item', async () => {
  const { request } = await startTestClient();
  await request('POST', '/api/catalog-items', { data: item('p1') });
  await request('POST', '/api/catalog-variants', { data: variant('sku-1', 'p1') });
  for (const path of ['/api/catalog-variants', pathOf('catalog-variants', 'sku-1')]) {
    const response = await request('GET', `${path}?include=item`);
    assert.deepEqual([response.status, response.errors], [400, ['invalid include']]);
  }
});

test('lists of metrics and of catalog jobs reject a page size, other lists do not', async () => {
  const { request } = await startTestClient();
  for (const path of ['/api/metrics', '/api/catalog-item-bulk-create-jobs', '/api/catalog-variant-bulk-delete-jobs']) {
    const response = await request('GET', `${path}?page[size]=10`);
    assert.deepEqual([response.status, response.errors], [400, ['invalid /data/attributes/page_size']]);
  }
  for (const path of ['/api/profile-bulk-import-jobs', '/api/catalog-items', '/api/profiles'])
    assert.equal((await request('GET', `${path}?page[size]=10`)).status, 200);
});

test('a list of catalog jobs begins with the newest', async () => {
  const client = await startTestClient();
  const type = 'catalog-category-bulk-create-job';
  const ids: string[] = [];
  for (const name of ['women', 'men']) {
    const categories = { data: [category(name)] };
    const started = await client.request('POST', `/api/${type}s`, { data: { type, attributes: { categories } } });
    ids.push(started.data[0]?.id ?? '');
    await untilComplete(client, `/api/${type}s/${ids.at(-1)}`);
  }
  const listed = (await client.request('GET', `/api/${type}s`)).data;
  assert.deepEqual(
    listed.map(({ id }) => id),
    ids.toReversed(),
  );
});

test('reads do not keep the order of the keys of custom metadata, the response to a write does', async () => {
  const { request } = await startTestClient();
  const custom_metadata = { size: 'M', brand: 'A' };
  const written = await request('POST', '/api/catalog-items', { data: item('p1', [], { custom_metadata }) });
  const read = await request('GET', pathOf('catalog-items', 'p1'));
  const keys = [written, read].map(({ data }) => Object.keys(data[0]?.attributes.custom_metadata ?? {}));
  assert.deepEqual(keys, [
    ['size', 'brand'],
    ['brand', 'size'],
  ]);
});

test('an id is accepted in a path as it is and percent-encoded', async () => {
  const { request } = await startTestClient();
  await request('POST', '/api/catalog-items', { data: item('p1') });
  for (const id of [idOf('p1'), encodeURIComponent(idOf('p1'))])
    assert.equal((await request('GET', `/api/catalog-items/${id}`)).status, 200);
});
