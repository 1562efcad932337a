/** Tests the client's pagination, and responses that are not in the documented format. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ServedRequest, type ServedResponse, serveKlaviyo } from '../../../test/fixtures/klaviyo-server.ts';
import type { ApiCall, ApiResult } from './client.ts';

const { signal } = new AbortController();
const first: ApiCall = { endpoint: 'listItems', query: { 'page[size]': '2' }, lane: 'bulk', signal };

/** @returns every page of a list, and the query of each request */
async function readPages(t: TestContext, respond: (request: ServedRequest) => ServedResponse) {
  const queries: string[] = [];
  const client = await serveKlaviyo(t, (request) => {
    queries.push(String(request.query));
    return respond(request);
  });
  const pages: ApiResult[] = [];
  for await (const page of client.pages(first)) pages.push(page);
  return { pages, queries };
}

test('next links are followed with or without a host', async (t) => {
  const links = [
    'https://a.klaviyo.com/api/catalog-items?page%5Bcursor%5D=2',
    '/api/catalog-items?page%5Bcursor%5D=3',
    null,
  ];
  const { pages, queries } = await readPages(t, ({ query }) => {
    const number = Number(query.get('page[cursor]') ?? 1);
    return { body: { data: [number], links: { next: links[number - 1] } } };
  });
  assert.deepEqual(
    pages.map((page) => page.ok),
    [true, true, true],
  );
  assert.deepEqual(queries, ['page%5Bsize%5D=2', 'page%5Bcursor%5D=2', 'page%5Bcursor%5D=3']);
});

test('an invalid next link ends the list with a failure', async (t) => {
  const { pages } = await readPages(t, () => ({ body: { data: [], links: { next: 'http://[' } } }));
  assert.deepEqual(
    pages.map((page) => (page.ok ? 'ok' : page.failure.type)),
    ['ok', 'unavailable'],
  );
});

test('a failed page ends the list', async (t) => {
  const { pages } = await readPages(t, () => ({ status: 503, body: 'down' }));
  assert.deepEqual(
    pages.map((page) => (page.ok ? 'ok' : page.failure.type)),
    ['unavailable'],
  );
});

test('a response that is not JSON is unavailable', async (t) => {
  const client = await serveKlaviyo(t, () => ({ body: '<html>' }));
  const result = await client.call(first);
  assert.ok(!result.ok && result.failure.type === 'unavailable');
});
