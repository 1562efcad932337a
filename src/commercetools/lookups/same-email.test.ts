/** Tests customers with the same e-mail, whether or not the API can query lowercaseEmail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commercetoolsVariants } from '../../../sandbox/commercetools/behaviours.ts';
import { startCommercetoolsSandbox } from '../../../sandbox/commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../../../sandbox/commercetools/sandbox-types.ts';
import { customer } from '../../../sandbox/shop/seed/builders.ts';
import { type CommercetoolsClient, createCommercetoolsClient } from '../client.ts';
import { CommercetoolsError } from '../errors.ts';
import { createLookups } from './create.ts';

/** Notes the fields of every query for customers. */
function recordingClient({ url, authUrl, ...sandbox }: CommercetoolsSandbox) {
  const settings = { ...sandbox, apiUrl: url, authUrl, scopes: [], timeoutMs: 5_000, retries: 0 };
  const real = createCommercetoolsClient(settings);
  const queries: string[] = [];
  const client: CommercetoolsClient = {
    ...real,
    get(path, query) {
      queries.push(String(query?.where).replace(/ in :values.*/, ''));
      return real.get(path, query);
    },
  };
  return { client, queries };
}

for (const lowercaseEmail of commercetoolsVariants.lowercaseEmail)
  test(`customers with the same e-mail are found when lowercaseEmail is ${lowercaseEmail}`, async (t) => {
    const sandbox = await startCommercetoolsSandbox({ lowercaseEmail });
    t.after(() => sandbox.stop());
    await sandbox.place('customer', [
      customer({ id: 'a', email: 'Ada@Example.com' }),
      customer({ id: 'b', email: 'ada@example.com' }),
      customer({ id: 'c', email: 'eve@example.com' }),
    ]);
    const { client, queries } = recordingClient(sandbox);
    const lookups = createLookups(client);
    const idsOf = async (email: string) => (await lookups.customersWithEmail(email)).map(({ id }) => id).sort();
    assert.deepEqual(await idsOf('Ada@Example.com'), ['a', 'b']);
    assert.deepEqual(await idsOf('eve@example.com'), ['c']);
    assert.deepEqual(await idsOf('Ada@Example.com'), ['a', 'b']);
    const expected = {
      queryable: ['lowercaseEmail', 'lowercaseEmail', 'lowercaseEmail'],
      unknown: ['lowercaseEmail', 'email', 'email', 'email'],
    };
    assert.deepEqual(queries, expected[lowercaseEmail]);
  });

test('a failure other than a rejected query is passed on', async (t) => {
  const sandbox = await startCommercetoolsSandbox({ lowercaseEmail: 'unknown' });
  t.after(() => sandbox.stop());
  const { client, queries } = recordingClient(sandbox);
  const lookups = createLookups(client);
  sandbox.faults.add({ path: `/${sandbox.projectKey}/customers`, kind: 'status', status: 503 });
  const isUnavailable = (thrown: unknown) => thrown instanceof CommercetoolsError && thrown.type === 'unavailable';
  await assert.rejects(lookups.customersWithEmail('ada@example.com'), isUnavailable);
  assert.deepEqual(queries, ['lowercaseEmail']);
});
