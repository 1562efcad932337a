/** Timeouts of requests to commercetools. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCommercetoolsSandbox } from '../../sandbox/commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../../sandbox/commercetools/sandbox-types.ts';
import { createCommercetoolsClient } from './client.ts';
import { CommercetoolsError } from './errors.ts';

let sandbox: CommercetoolsSandbox;
before(async () => {
  sandbox = await startCommercetoolsSandbox();
});
after(() => sandbox.stop());

// The HTTP library's own timeout is five minutes; the test would end before.
for (const [request, path] of Object.entries({ token: '^/oauth/token', record: '^/[^/]+/customers' })) {
  test(`a timed-out ${request} request fails as unavailable, and the next request succeeds`, {
    timeout: 60_000,
  }, async () => {
    const { url: apiUrl, authUrl, projectKey, clientId, clientSecret } = sandbox;
    const options = { scopes: [], timeoutMs: 200, retries: 0 };
    const client = createCommercetoolsClient({ apiUrl, authUrl, projectKey, clientId, clientSecret, ...options });
    sandbox.faults.add({ kind: 'hang', path });
    await assert.rejects(
      client.get('customers'),
      (thrown) =>
        thrown instanceof CommercetoolsError &&
        thrown.type === 'unavailable' &&
        /no answer in time/.test(thrown.message),
    );
    sandbox.faults.clear();
    assert.ok(await client.get('customers'));
  });
}

test('an error without a usable list of errors keeps its status and Retry-After', async () => {
  const { url: apiUrl, authUrl, projectKey, clientId, clientSecret } = sandbox;
  const options = { scopes: [], timeoutMs: 60_000, retries: 0 };
  const client = createCommercetoolsClient({ apiUrl, authUrl, projectKey, clientId, clientSecret, ...options });
  for (const body of [{ errors: [] }, { errors: 'none' }, { errors: [null] }, null, 'busy']) {
    sandbox.faults.add({
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '2' },
      body,
      path: '^/[^/]+/customers',
    });
    await assert.rejects(client.get('customers'), { type: 'unavailable', status: 429, retryAfterMs: 2_000 });
    sandbox.faults.clear();
    sandbox.faults.add({ kind: 'status', status: 400, body, path: '^/[^/]+/customers' });
    await assert.rejects(client.get('customers'), { type: 'rejected', status: 400 });
    sandbox.faults.clear();
  }
});
