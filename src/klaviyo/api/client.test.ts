/** Klaviyo client: pages of a list, and answers that are not what the API promises. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ServedAnswer, type ServedRequest, serveKlaviyo } from '../../../test/fixtures/klaviyo-server.ts';
import type { ApiCall, ApiResult } from './client.ts';

const { signal } = new AbortController();
const first: ApiCall = { endpoint: 'listItems', query: { 'page[size]': '2' }, lane: 'bulk', signal };

/** @returns every page of a list, and the queries that they were asked with */
async function listed(t: TestContext, answering: (request: ServedRequest) => ServedAnswer) {
  const queries: string[] = [];
  const client = await serveKlaviyo(t, (request) => {
    queries.push(String(request.query));
    return answering(request);
  });
  const pages: ApiResult[] = [];
  for await (const page of client.pages(first)) pages.push(page);
  return { pages, queries };
}

test('pages are followed by links with or without a host', async (t) => {
  const links = [
    'https://a.klaviyo.com/api/catalog-items?page%5Bcursor%5D=2',
    '/api/catalog-items?page%5Bcursor%5D=3',
    null,
  ];
  const { pages, queries } = await listed(t, ({ query }) => {
    const number = Number(query.get('page[cursor]') ?? 1);
    return { body: { data: [number], links: { next: links[number - 1] } } };
  });
  assert.deepEqual(
    pages.map((page) => page.ok),
    [true, true, true],
  );
  assert.deepEqual(queries, ['page%5Bsize%5D=2', 'page%5Bcursor%5D=2', 'page%5Bcursor%5D=3']);
});

test('a link that is no address ends the list with a failure', async (t) => {
  const { pages } = await listed(t, () => ({ body: { data: [], links: { next: 'http://[' } } }));
  assert.deepEqual(
    pages.map((page) => (page.ok ? 'ok' : page.failure.type)),
    ['ok', 'unavailable'],
  );
});

test('a page that fails ends the list', async (t) => {
  const { pages } = await listed(t, () => ({ status: 503, body: 'down' }));
  assert.deepEqual(
    pages.map((page) => (page.ok ? 'ok' : page.failure.type)),
    ['unavailable'],
  );
});

test('an answer that is not JSON is unavailable', async (t) => {
  const client = await serveKlaviyo(t, () => ({ body: '<html>' }));
  const answer = await client.call(first);
  assert.ok(!answer.ok && answer.failure.type === 'unavailable');
});
