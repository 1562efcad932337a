/** Attacks of callers without credentials: through a proxy on this machine, and from other machines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeDelivery, reference } from '../fixtures/index.ts';
import { call, post } from '../http/call.ts';
import { startTestEnv } from '../test-env.ts';

const harmless = changeDelivery('ResourceCreated', reference('subscription', 's'));
const elsewhere = { 'x-forwarded-for': '203.0.113.9' };

for (const env of [
  { API_TOKEN: 'a-token-that-is-long-enough' },
  { API_TOKEN_READ_ONLY: 'a-token-that-is-long-enough' },
])
  test(`with ${Object.keys(env)} a push from this machine needs a proof: it may come through a forwarder`, async () => {
    await using testEnv = await startTestEnv({ env });
    assert.equal((await post(testEnv.service, '/', harmless)).status, 401);
    assert.match(testEnv.logged.join('\n'), /POST \/ accepts no messages, because API_TOKEN is set/);
  });

test('without any credentials this machine is served, and other machines get /health and /ready only', async () => {
  await using testEnv = await startTestEnv();
  assert.equal((await post(testEnv.service, '/', harmless)).status, 204);
  for (const path of ['/health', '/ready'])
    assert.ok([200, 503].includes((await call(testEnv.service, { path, headers: elsewhere })).status), path);
  for (const path of ['/', '/sync', '/metrics', '/openapi.json', '/dashboard/session', '/dead-letters', '/main.js'])
    assert.ok([401, 403, 404].includes((await call(testEnv.service, { path, headers: elsewhere })).status), path);
  for (const path of ['/', '/openapi.json', '/dashboard/session'])
    assert.equal((await call(testEnv.service, { path, headers: elsewhere })).status, 403, path);
  assert.equal((await post(testEnv.service, '/', harmless, elsewhere)).status, 401);
  assert.equal((await post(testEnv.service, '/dashboard/session', { token: 'x' }, elsewhere)).status, 403);
  const said = testEnv.logged.filter((line) =>
    line.includes('other machines get answers from /health and /ready only'),
  );
  assert.equal(said.length, 1);
});

test('with a proof of pushes the dashboard page is served, and holds no data', async () => {
  await using testEnv = await startTestEnv({ env: { PUSH_SECRET: 'a-secret-of-this-test' } });
  assert.equal((await call(testEnv.service, { path: '/openapi.json', headers: elsewhere })).status, 200);
  assert.equal((await call(testEnv.service, { path: '/sync', headers: elsewhere })).status, 403);
});
