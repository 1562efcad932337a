/** What a platform's probes see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestEnv, type TestEnvOptions } from '../test-env.ts';
import { call } from './call.ts';

const noRetries = { klaviyo: { retries: 0 }, commercetools: { retries: 0 } };

/** /health and /ready in a world of this kind. */
async function probes(
  options: TestEnvOptions,
  disturb?: (testEnv: Awaited<ReturnType<typeof startTestEnv>>) => unknown,
) {
  await using testEnv = await startTestEnv({ settings: noRetries, ...options });
  await disturb?.(testEnv);
  const health = await call(testEnv.service, { path: '/health' });
  const ready = await call(testEnv.service, { path: '/ready' });
  assert.deepEqual([health.status, health.json], [200, { status: 'ok' }]);
  return [ready.status, ready.json];
}

const others = { sources: { push: 'ok' }, subscriptions: {} };

test('ready while both APIs answer', async () => {
  assert.deepEqual(await probes({}), [200, { ready: true, commercetools: 'ok', klaviyo: 'ok', ...others }]);
});

test('not ready while Klaviyo is down; alive all the same', async () => {
  const down = await probes({}, ({ klaviyo }) => klaviyo.faults.add({ kind: 'status', status: 503, body: 'down' }));
  const klaviyo = 'Klaviyo answered 503 without a JSON:API body';
  assert.deepEqual(down, [503, { ready: false, commercetools: 'ok', klaviyo, ...others }]);
  const gone = await probes({}, (testEnv) => testEnv.klaviyo.stop());
  assert.match(JSON.stringify(gone), /Klaviyo can't be reached \(ECONNREFUSED\)/);
});

test('not ready while commercetools is down', async () => {
  const gone = await probes({}, (testEnv) => testEnv.shop.stop());
  assert.match(JSON.stringify(gone), /503.*commercetools can't be reached/);
});

test('not ready while Klaviyo refuses the key, and it says which variable to check', async () => {
  const refused = await probes({ env: { KLAVIYO_AUTH_KEY: 'pk_other' } });
  assert.match(JSON.stringify(refused), /503.*Klaviyo answered 401 .*check KLAVIYO_AUTH_KEY/);
});

test('not ready while commercetools refuses the client', async () => {
  const refused = await probes({ env: { CT_API_CLIENT: '{"clientId":"sandbox-client","secret":"wrong"}' } });
  assert.match(JSON.stringify(refused), /503.*invalid_client/);
});

test('a missing scope is no reason to take the service out: what has its scopes works', async () => {
  const [status] = await probes({
    klaviyo: { missingScopes: ['profiles:read'] },
    commercetools: { scopes: ['view_orders'] },
  });
  assert.equal(status, 200);
});
