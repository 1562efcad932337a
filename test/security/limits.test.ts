/** Attacks on what one sender may use: batches, streams, answers without end, dependencies that can't be verified. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { createCommercetoolsClient } from '../../src/commercetools/client.ts';
import { iteratePages, type PageQuery, queryByField } from '../../src/commercetools/pagination.ts';
import { createKlaviyoClient } from '../../src/klaviyo/api/client.ts';
import { changeDelivery, reference } from '../fixtures/index.ts';
import { call, post } from '../http/call.ts';
import { startTestEnv } from '../test-env.ts';

const lettersOf = async (testEnv: Awaited<ReturnType<typeof startTestEnv>>) =>
  Array.fromAsync(testEnv.app.deadLetters.list());

test('a push of more than 100 messages is refused; one of numbers is one dead letter', async () => {
  await using testEnv = await startTestEnv();
  const harmless = changeDelivery('ResourceCreated', reference('subscription', 's'));
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
  assert.equal((await post(testEnv.service, '/', numbers(9_000))).status, 400);
  assert.equal((await post(testEnv.service, '/', Array(101).fill(harmless))).status, 400);
  assert.deepEqual(await lettersOf(testEnv), []);
  assert.equal((await post(testEnv.service, '/', numbers(100))).status, 202);
  assert.equal((await lettersOf(testEnv)).length, 1);
  assert.equal((await post(testEnv.service, '/', Array(100).fill(harmless))).status, 204);
});

test('one sender does not fill the store with unreadable deliveries', async () => {
  await using testEnv = await startTestEnv();
  for (let batch = 0; batch < 4; batch += 1) {
    const odd = Array.from({ length: 50 }, (_, index) => ({ notificationType: 'Message', odd: `${batch} ${index}` }));
    assert.equal((await post(testEnv.service, '/', odd)).status, 202);
  }
  assert.equal((await lettersOf(testEnv)).length, 101, 'the last one counts the rest');
});

test('HEAD opens no stream of the dashboard', async () => {
  await using testEnv = await startTestEnv();
  for (let request = 0; request < 30; request += 1)
    assert.equal((await call(testEnv.service, { method: 'HEAD', path: '/dashboard/stream' })).status, 405);
  const stream = await fetch(`${testEnv.service}/dashboard/stream`);
  assert.equal(stream.status, 200);
  await stream.body?.cancel();
});

async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Sends megabytes until the reader goes away. @returns how many were sent */
function endless(context: TestContext) {
  const sent = { megabytes: 0 };
  const megabyte = Buffer.alloc(1_000_000, ' ');
  const url = serve(context, (request, response) => {
    if (request.url?.startsWith('/oauth')) {
      response.setHeader('content-type', 'application/json');
      return response.end('{"access_token":"t","expires_in":3600}');
    }
    const more = () => {
      while (sent.megabytes < 300) {
        sent.megabytes += 1;
        if (!response.write(megabyte)) return response.once('drain', more);
      }
      return response.end();
    };
    return more();
  });
  return { sent, url };
}

const klaviyoAt = (url: string) =>
  createKlaviyoClient({ url, key: 'pk', rateLimitShare: 1, realtimeReserve: 0, timeoutMs: 20_000, retries: 0 });
const listing = () => ({ endpoint: 'listItems', lane: 'realtime', signal: AbortSignal.timeout(20_000) }) as const;
const shopAt = (url: string) =>
  createCommercetoolsClient({
    ...{ apiUrl: url, authUrl: url, projectKey: 'shop', clientId: 'i', clientSecret: 's', scopes: [] },
    ...{ timeoutMs: 20_000, retries: 0 },
  });

test('an endless answer is not read to its end', async (context) => {
  const { sent, url } = endless(context);
  const client = klaviyoAt(await url);
  const result = await client.call(listing());
  assert.ok(!result.ok && result.failure.type === 'unavailable');
  assert.ok(sent.megabytes < 100, `${sent.megabytes} MB`);
  await client.close();
  sent.megabytes = 0;
  await assert.rejects(shopAt(await url).get('customers'), { type: 'unavailable' });
  assert.ok(sent.megabytes < 150, `${sent.megabytes} MB`);
});

test('pages that repeat end the reading of both APIs', async (context) => {
  let requests = 0;
  const url = await serve(context, (request, response) => {
    requests += 1;
    response.setHeader('content-type', 'application/json');
    const isToken = request.url?.startsWith('/oauth');
    const records = Array.from({ length: 500 }, (_, index) => ({ id: `id-${index}`, lastModifiedAt: '2026-01-01' }));
    const page = {
      data: [],
      results: records,
      links: { next: 'https://a.klaviyo.com/api/catalog-items?page%5Bcursor%5D=x' },
    };
    response.end(JSON.stringify(isToken ? { access_token: 't', expires_in: 3_600 } : page));
  });
  const client = klaviyoAt(url);
  const pages = await Array.fromAsync(client.pages(listing()));
  assert.equal(pages.at(-1)?.ok, false);
  await client.close();
  const repeated = { type: 'unavailable', message: /repeats a page/ };
  const queries: PageQuery[] = [{}, { since: '2026-01-01', until: '2026-02-01' }];
  for (const query of queries)
    await assert.rejects(Array.fromAsync(iteratePages(shopAt(url), { resource: 'customers', query })), repeated);
  await assert.rejects(queryByField(shopAt(url), { path: 'customers', field: 'id', values: ['a'] }), repeated);
  assert.ok(requests < 20, `${requests} requests`);
});

test('a success with an unexpected body is no success', async (context) => {
  let body = '';
  const url = await serve(context, (_request, response) => response.end(body));
  const client = klaviyoAt(url);
  const write = () => client.call({ ...listing(), endpoint: 'createEvent', body: { data: {} } });
  for (body of ['', '{}', '[]', '"ok"', '{"status":"ok"}', '{"data":"ok"}', '<html></html>']) {
    const result = await write();
    assert.ok(!result.ok && result.failure.type === 'unavailable', body);
  }
  body = '{"data":{"type":"event","id":"1"}}';
  assert.equal((await write()).ok, true);
  await client.close();
});

test('every package of the lock file can be verified by npm ci', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const entry = z.object({
    integrity: z.string().optional(),
    resolved: z.string().optional(),
    link: z.boolean().optional(),
  });
  const { packages } = z.object({ packages: z.record(z.string(), entry) }).parse(JSON.parse(text));
  const unverifiable = Object.entries(packages).filter(
    ([path, { integrity, link }]) => path !== '' && !link && !/^sha512-/.test(integrity ?? ''),
  );
  assert.deepEqual(unverifiable, []);
});
