/** Tests of tokens, scopes and optimistic locking. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { connectShop } from '../shop/actors/shop-api.ts';
import { customer, payment } from '../shop/seed/builders.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';

const errorSchema = z.object({ errors: z.array(z.looseObject({ code: z.string() })) });

test('a wrong client secret gets 401', async (t) => {
  const sandbox = await startCommercetoolsSandbox({ record: false });
  t.after(() => sandbox.stop());
  const headers = { authorization: `Basic ${Buffer.from('sandbox-client:wrong').toString('base64')}` };
  const response = await fetch(`${sandbox.authUrl}/oauth/token`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  assert.equal(response.status, 401);
  assert.equal(errorSchema.parse(await response.json()).errors[0]?.code, 'invalid_client');
});

test('a request without a valid token gets 401, and the client recovers with a new token', async (t) => {
  const sandbox = await startCommercetoolsSandbox({ record: false });
  t.after(() => sandbox.stop());
  const bare = await fetch(`${sandbox.url}/shop/customers`);
  assert.equal(bare.status, 401);
  assert.equal(errorSchema.parse(await bare.json()).errors[0]?.code, 'invalid_token');
  const api = connectShop(sandbox);
  assert.equal((await api.request('GET', 'customers')).status, 200);
  await fetch(`${sandbox.url}/sandbox/tokens/revoke`, { method: 'POST' });
  assert.equal((await api.request('GET', 'customers')).status, 200);
});

test('requests outside the scopes get 403; manage scopes include reading', async (t) => {
  const sandbox = await startCommercetoolsSandbox({ record: false, scopes: ['view_orders', 'manage_customers'] });
  t.after(() => sandbox.stop());
  const api = connectShop(sandbox);
  assert.equal((await api.request('GET', 'orders')).status, 200);
  assert.equal((await api.request('GET', 'customers')).status, 200);
  const forbidden = await api.request('GET', 'payments');
  assert.equal(forbidden.status, 403);
  assert.equal(errorSchema.parse(forbidden.body).errors[0]?.code, 'insufficient_scope');
  assert.equal((await api.request('POST', 'orders', {})).status, 403);
});

test('a stale version gets 409 with the current version, for updates and deletions', async (t) => {
  const sandbox = await startCommercetoolsSandbox({ record: false });
  t.after(() => sandbox.stop());
  const api = connectShop(sandbox);
  await sandbox.place('customer', [customer({ id: 'c', version: 4 })]);
  const update = { version: 3, actions: [{ action: 'setFirstName', firstName: 'Eve' }] };
  for (const response of [
    await api.request('POST', 'customers/c', update),
    await api.request('DELETE', 'customers/c?version=3'),
  ]) {
    assert.equal(response.status, 409);
    assert.deepEqual(errorSchema.parse(response.body).errors[0]?.currentVersion, 4);
  }
  assert.equal((await api.request('DELETE', 'customers/c')).status, 400);
  assert.equal((await api.request('DELETE', 'customers/c?version=4')).status, 200);
  assert.equal((await api.request('GET', 'customers/c')).status, 404);
});

test('an update with an unknown action changes nothing', async (t) => {
  const sandbox = await startCommercetoolsSandbox({ record: false });
  t.after(() => sandbox.stop());
  const api = connectShop(sandbox);
  await sandbox.place('payment', [payment({ id: 'p' })]);
  const actions = [{ action: 'setKey', key: 'new' }, { action: 'setNonsense' }];
  assert.equal((await api.request('POST', 'payments/p', { version: 1, actions })).status, 400);
  assert.equal(await api.get('payments/p', z.object({ version: z.number() })).then(({ version }) => version), 1);
});
