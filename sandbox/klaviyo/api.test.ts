/**
 * Tests of the request pipeline (key, revision, scopes, rate limits, size limits, faults) and the inspection endpoints.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { eventBody, item, profileBody, startTestClient } from './test-client.ts';

const ada = { email: 'ada@example.com' };

test('a missing or wrong key is 401, a missing scope 403, both as JSON:API', async () => {
  const { request } = await startTestClient({ missingScopes: ['catalogs:write'] });
  const wrong = await request('GET', '/api/accounts', undefined, { authorization: 'Klaviyo-API-Key pk_other' });
  assert.deepEqual([wrong.status, wrong.errors], [401, ['authentication_failed /data/']]);
  assert.match(wrong.headers.get('content-type') ?? '', /vnd\.api\+json/);
  const forbidden = await request('POST', '/api/catalog-items', { data: item('p1') });
  assert.deepEqual([forbidden.status, forbidden.errors], [403, ['permission_denied /data/']]);
  assert.equal((await request('GET', '/api/catalog-items')).status, 200);
});

test('another revision, another content type, malformed JSON and an unknown path are rejected', async () => {
  const { request } = await startTestClient();
  assert.equal((await request('GET', '/api/accounts', undefined, { revision: '2024-10-15' })).status, 400);
  assert.equal((await request('POST', '/api/events', eventBody(ada), { 'content-type': 'text/xml' })).status, 415);
  assert.equal((await request('POST', '/api/events', '{"data":')).status, 400);
  assert.equal((await request('POST', '/api/events')).status, 400);
  assert.equal((await request('GET', '/api/nothing')).status, 404);
});

test('a body is accepted as application/json too', async () => {
  const { request } = await startTestClient();
  const json = { 'content-type': 'application/json' };
  assert.equal((await request('POST', '/api/events', eventBody(ada), json)).status, 202);
});

test('a key with limited scopes gets 403 for every operation that needs another scope', async () => {
  const { request, sandbox } = await startTestClient();
  sandbox.addKey('pk_limited', ['profiles:read', 'profiles:write', 'lists:read']);
  const limited = { authorization: 'Klaviyo-API-Key pk_limited' };
  const profiles = { data: [{ type: 'profile', attributes: ada }] };
  const body = { data: { type: 'profile-bulk-import-job', attributes: { profiles } } };
  // A bulk import needs lists:write, although it names no list.
  assert.equal((await request('POST', '/api/profile-bulk-import-jobs', body, limited)).status, 403);
  assert.equal((await request('POST', '/api/profile-import', profileBody(ada), limited)).status, 201);
  assert.equal((await request('GET', '/api/profile-bulk-import-jobs', undefined, limited)).status, 200);
  assert.equal((await request('POST', '/api/profile-bulk-import-jobs', body)).status, 202);
});

test('a body over 5 MB or a profile over 100 KB gets 413', async () => {
  const { request } = await startTestClient();
  const large = eventBody(ada, { properties: { a: Array(60).fill('x'.repeat(90_000)) } });
  assert.equal((await request('POST', '/api/events', large)).status, 413);
  assert.equal(
    (
      await request(
        'POST',
        '/api/profile-import',
        profileBody({ ...ada, properties: { a: 'x'.repeat(60_000), b: 'x'.repeat(60_000) } }),
      )
    ).status,
    413,
  );
});

test('over the limit, the response is 429 with Retry-After and without RateLimit headers, and /sandbox shows the usage', async () => {
  const { request, sandbox } = await startTestClient({ limits: 0.07 });
  const first = await request('GET', '/api/accounts');
  assert.deepEqual(
    [first.status, first.headers.get('ratelimit-limit'), first.headers.get('ratelimit-remaining')],
    [200, '1, 1;w=1, 1;w=60', '0'],
  );
  const second = await request('GET', '/api/accounts');
  assert.deepEqual(
    [second.status, second.errors, second.headers.get('ratelimit-limit'), second.headers.get('content-type')],
    [429, ['throttled /data'], null, null],
  );
  assert.ok(Number(second.headers.get('retry-after')) >= 1);
  const view = z.object({ limits: z.array(z.record(z.string(), z.unknown())) });
  const shown = view.parse(await (await fetch(`${sandbox.url}/sandbox`)).json());
  assert.deepEqual(shown.limits, [
    { operation: 'get_accounts', perSecond: 1, perMinute: 1, usedThisMinute: 1, throttled: 1 },
  ]);
});

test('faults apply to the API but not to inspection endpoints, and a lost response was applied', async () => {
  const { request, sandbox } = await startTestClient();
  sandbox.faults.add(
    { kind: 'status', status: 503, body: '<h1>Bad gateway</h1>', times: 1 },
    { kind: 'applied-then-lost', path: '/api/events', times: 1 },
  );
  assert.equal((await fetch(`${sandbox.url}/api/events`)).status, 503);
  await assert.rejects(request('POST', '/api/events', eventBody(ada, { unique_id: '1' })));
  assert.equal(sandbox.state().events, 1);
});

test('requests are counted by operation and status with their errors, and a reset clears everything', async () => {
  const { request, sandbox } = await startTestClient();
  await request('POST', '/api/events', eventBody(ada));
  await request('POST', '/api/events', eventBody({}));
  const view = z.object({ counts: z.unknown(), latest: z.array(z.object({ errors: z.array(z.string()) })) });
  const seen = view.parse(await (await fetch(`${sandbox.url}/sandbox/requests`)).json());
  assert.deepEqual(seen.counts, { create_event: { 202: 1, 400: 1 } });
  assert.deepEqual(seen.latest[0]?.errors, ['invalid /data/attributes/profile/data/attributes']);
  assert.equal((await fetch(`${sandbox.url}/sandbox/reset`, { method: 'POST' })).status, 204);
  assert.deepEqual([sandbox.state().events, sandbox.state().profiles, sandbox.state().requests], [0, 0, 0]);
});

test('the inspection page loads no external resources', async () => {
  const { sandbox } = await startTestClient();
  const response = await fetch(sandbox.url);
  assert.match(response.headers.get('content-type') ?? '', /text\/html/);
  const html = await response.text();
  assert.match(html, /Klaviyo sandbox/);
  assert.doesNotMatch(html, /(src|href)=|https?:\/\//);
});

test('the account, metrics and mapped metrics can be read', async () => {
  const { request } = await startTestClient();
  await request('POST', '/api/events', eventBody(ada));
  assert.equal((await request('GET', '/api/accounts')).data[0]?.attributes.preferred_currency, 'EUR');
  const [metric] = (await request('GET', '/api/metrics')).data;
  assert.equal((await request('GET', `/api/metrics/${metric?.id}`)).data[0]?.attributes.name, 'Placed Order');
  const revenue = await request('GET', '/api/mapped-metrics/revenue?include=metric');
  assert.deepEqual(
    revenue.included.map(({ id }) => id),
    [metric?.id],
  );
});

test('every body is recorded as a JSON line for the contract check', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'klaviyo-sandbox-'));
  try {
    const record = join(folder, 'record.jsonl');
    const { request } = await startTestClient({ record });
    await request('POST', '/api/profile-import', profileBody(ada));
    const lines = readFileSync(record, 'utf8').trim().split('\n');
    const expected = {
      method: 'POST',
      path: '/api/profile-import',
      operation: 'create_or_update_profile',
      body: profileBody(ada),
    };
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [expected],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('as a separate process, it prints its URL and exits on SIGTERM', async () => {
  const child = fork(join(import.meta.dirname, 'main.ts'), ['--limits', 'none', '--key', 'pk_mine'], { silent: true });
  const [message] = await once(child, 'message');
  const { url } = z.object({ url: z.string() }).parse(message);
  const [line] = await once(child.stdout ?? child, 'data');
  assert.equal(String(line), `klaviyo sandbox on ${url}\n`);
  const response = await fetch(`${url}/api/accounts`, {
    headers: { authorization: 'Klaviyo-API-Key pk_mine', revision: '2026-07-15' },
  });
  assert.equal(response.status, 200);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});
