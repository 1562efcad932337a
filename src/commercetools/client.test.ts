/** Nothing that is asked of commercetools is waited for without an end. */
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

// Left alone, the HTTP library gives up after five minutes: the test would end before.
for (const [what, path] of Object.entries({ token: '^/oauth/token', record: '^/[^/]+/customers' })) {
  test(`a ${what} that never comes is not now, and nothing holds it up when it comes again`, {
    timeout: 60_000,
  }, async () => {
    const { url: apiUrl, authUrl, projectKey, clientId, clientSecret } = sandbox;
    const more = { scopes: [], timeoutMs: 200, retries: 0 };
    const client = createCommercetoolsClient({ apiUrl, authUrl, projectKey, clientId, clientSecret, ...more });
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
