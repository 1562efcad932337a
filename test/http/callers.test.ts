/** Who may act and who may push: the token, this machine, everybody else. A proxy's header stands for "from elsewhere". */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestEnv } from '../test-env.ts';
import { call, post } from './call.ts';

const token = 'a-token-that-is-long-enough';
const elsewhere: Record<string, string>[] = [
  { 'x-forwarded-for': '203.0.113.9' },
  { forwarded: 'for=203.0.113.9' },
  { via: '1.1 proxy' },
  { host: 'connector.example' },
  { host: '127.0.0.1.example' },
  { origin: 'https://shop.example' },
  { origin: 'null' },
];

test('without a token /sync serves localhost only', async () => {
  await using testEnv = await startTestEnv();
  assert.equal((await call(testEnv.service, { path: '/sync' })).status, 200);
  assert.equal(
    (await call(testEnv.service, { path: '/sync', headers: { origin: 'http://localhost:3000' } })).status,
    200,
  );
  for (const headers of elsewhere) {
    for (const [method, path] of [
      ['GET', '/sync'],
      ['GET', '/sync/status'],
      ['GET', '/sync/orders'],
      ['POST', '/sync/orders'],
      ['POST', '/sync/orders/stop'],
    ] as const) {
      const { status, error } = await call(testEnv.service, { method, path, headers });
      assert.equal(status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
      assert.match(error, /^Set API_TOKEN and send it as "Authorization: Bearer <token>"/);
    }
  }
  assert.deepEqual(await testEnv.app.runs.list(), []);
  assert.match(testEnv.logged.join(), /API_TOKEN is not set: \/sync accepts localhost only/);
});

test('with a token only it opens /sync, from wherever', async () => {
  await using testEnv = await startTestEnv({ env: { API_TOKEN: token } });
  const ask = (headers: Record<string, string>) => call(testEnv.service, { path: '/sync', headers });
  for (const authorization of ['', token, `Basic ${token}`, 'Bearer wrong', `Bearer ${token}x`]) {
    const { status, error } = await ask(authorization === '' ? {} : { authorization });
    assert.equal(status, 401, authorization);
    assert.match(error, /Send the API_TOKEN as "Authorization: Bearer <token>"/);
    assert.doesNotMatch(error, new RegExp(token));
  }
  for (const headers of elsewhere)
    assert.equal((await ask({ ...headers, authorization: `Bearer ${token}` })).status, 200);
  assert.equal((await ask({ authorization: `bearer ${token}` })).status, 200);
  assert.doesNotMatch(testEnv.logged.join(), new RegExp(token));
});

test('tokens are replaced without a gap, and a read-only one looks without acting', async () => {
  const [next, reader] = ['the-token-that-comes-next', 'a-token-for-a-dashboard'];
  await using testEnv = await startTestEnv({ env: { API_TOKEN: `${token}, ${next}`, API_TOKEN_READ_ONLY: reader } });
  const ask = (method: string, path: string, given: string) =>
    call(testEnv.service, { method, path, headers: { authorization: `Bearer ${given}` } });
  for (const given of [token, next]) {
    assert.equal((await ask('GET', '/sync', given)).status, 200);
    assert.equal((await ask('POST', '/sync/orders/stop', given)).status, 200);
  }
  assert.equal((await ask('GET', '/sync', reader)).status, 200);
  const { status, error } = await ask('POST', '/sync/orders', reader);
  assert.equal(status, 403);
  assert.match(error, /API_TOKEN_READ_ONLY has read access only/);
  assert.deepEqual(await testEnv.app.runs.list(), []);
});

test('with only a read-only token nothing can be started', async () => {
  await using testEnv = await startTestEnv({ env: { API_TOKEN_READ_ONLY: token } });
  assert.equal((await call(testEnv.service, { path: '/sync' })).status, 401);
  const headers = { authorization: `Bearer ${token}` };
  assert.equal((await call(testEnv.service, { path: '/sync', headers })).status, 200);
  assert.equal((await call(testEnv.service, { method: 'POST', path: '/sync/orders', headers })).status, 403);
});

test('repeated failures are rate limited; callers with the token are not', async () => {
  await using testEnv = await startTestEnv({ env: { API_TOKEN: token } });
  const ask = (given: string) =>
    call(testEnv.service, { path: '/sync', headers: { authorization: `Bearer ${given}` } });
  const statuses: number[] = [];
  for (let tries = 0; tries < 110; tries += 1) statuses.push((await ask(`guess-${tries}`)).status);
  assert.deepEqual([...new Set(statuses)], [401, 429]);
  const { status, headers, error } = await ask('guess');
  assert.equal(status, 429);
  assert.ok(Number(headers['retry-after']) > 0);
  assert.match(error, /too many refused requests/);
  assert.equal((await ask(token)).status, 200);
});

test('every answer carries the headers that OWASP advises, refusals and unknown paths too', async () => {
  await using testEnv = await startTestEnv({ env: { API_TOKEN: token } });
  for (const path of ['/health', '/ready', '/sync', '/nowhere', '/openapi.json']) {
    const { headers } = await call(testEnv.service, { path });
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['content-security-policy'], "default-src 'none';frame-ancestors 'none'", path);
    assert.equal(headers['cache-control'], 'no-store', path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.equal(headers['x-frame-options'], 'SAMEORIGIN', path);
    assert.equal(headers['x-powered-by'], undefined, path);
    assert.equal(headers.server, undefined, path);
  }
});

test('pushes from other machines are rejected before their body is read', async () => {
  await using testEnv = await startTestEnv();
  for (const headers of elsewhere) {
    const { status, error } = await post(testEnv.service, '/', 'not even JSON', headers);
    assert.equal(status, 401, JSON.stringify(headers));
    assert.match(error, /PUSH_PUBSUB_AUDIENCE.*Set ALLOW_UNAUTHENTICATED_PUSH=true/);
  }
  assert.match(testEnv.logged.join(), /POST \/ accepts messages from localhost only/);
});

test('ALLOW_UNAUTHENTICATED_PUSH=true takes pushes from elsewhere, and a warning at start says so', async () => {
  await using testEnv = await startTestEnv({ env: { ALLOW_UNAUTHENTICATED_PUSH: 'true' } });
  const push = { message: { data: { notificationType: 'ResourceCreated' } } };
  for (const headers of elsewhere) assert.notEqual((await post(testEnv.service, '/', push, headers)).status, 401);
  assert.match(testEnv.logged.join(), /any client that can reach POST \/ can send messages/);
});

test('health is open to everybody', async () => {
  await using testEnv = await startTestEnv({ env: { API_TOKEN: token } });
  for (const path of ['/health', '/ready', '/openapi.json'])
    assert.equal(
      (await call(testEnv.service, { path, headers: { 'x-forwarded-for': '203.0.113.9' } })).status,
      200,
      path,
    );
});
