/** What every store does, whatever keeps it. The custom objects are those of the pretended commercetools, over HTTP. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCommercetoolsSandbox } from '../../sandbox/commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../../sandbox/commercetools/sandbox-types.ts';
import { createCommercetoolsClient } from '../commercetools/client.ts';
import { createObjectsApi } from '../commercetools/objects-api.ts';
import { createCustomObjectsStore } from './custom-objects.ts';
import { createMemoryStore } from './memory.ts';
import { type Store, StoreFailure } from './store.ts';

let strict: CommercetoolsSandbox;
let overwriting: CommercetoolsSandbox;
let forbidding: CommercetoolsSandbox;
before(async () => {
  strict = await startCommercetoolsSandbox();
  overwriting = await startCommercetoolsSandbox({ versionZero: 'overwrites' });
  forbidding = await startCommercetoolsSandbox({ scopes: ['view_orders'] });
});
after(() => Promise.all([strict.stop(), overwriting.stop(), forbidding.stop()]));

async function objectsOf(sandbox: CommercetoolsSandbox): Promise<Store> {
  await sandbox.reset();
  return connected(sandbox);
}

/** As another replica sees it. */
function connected({ url, authUrl, projectKey, clientId, clientSecret }: CommercetoolsSandbox): Store {
  const more = { scopes: [], timeoutMs: 2_000, retries: 3 };
  const client = createCommercetoolsClient({ apiUrl: url, authUrl, projectKey, clientId, clientSecret, ...more });
  return createCustomObjectsStore(createObjectsApi(client));
}

const stores: Record<string, () => Promise<Store>> = {
  memory: async () => createMemoryStore(),
  'custom objects': () => objectsOf(strict),
  'custom objects where version 0 overwrites': () => objectsOf(overwriting),
};

for (const [name, create] of Object.entries(stores)) {
  const at = (key: string) => ({ container: 'runs', key });

  test(`${name}: a record comes back as it was put, with a version`, async () => {
    const store = await create();
    assert.equal(await store.put(at('a'), { n: 1 }), 1);
    assert.deepEqual(await store.get(at('a')), { key: 'a', value: { n: 1 }, version: 1 });
    assert.equal(await store.get(at('b')), undefined);
  });

  test(`${name}: a stale write is refused and changes nothing`, async () => {
    const store = await create();
    await store.put(at('a'), { n: 1 });
    assert.equal(await store.put(at('a'), { n: 2 }, 1), 2);
    assert.equal(await store.put(at('a'), { n: 3 }, 1), 'stale');
    assert.deepEqual((await store.get(at('a')))?.value, { n: 2 });
    assert.equal(await store.remove(at('a'), 1), 'stale');
    assert.equal(await store.remove(at('a'), 2), 'ok');
  });

  test(`${name}: a version of what is not there is stale; removing it is no matter`, async () => {
    const store = await create();
    assert.equal(await store.put(at('gone'), {}, 3), 'stale');
    assert.equal(await store.remove(at('gone')), 'ok');
    assert.equal(await store.remove(at('gone'), 3), 'ok');
  });

  test(`${name}: a key that does not exist yet is taken by exactly one of many`, async () => {
    const store = await create();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => store.put(at('lock'), { n }, 'absent')));
    const winners = [...answers.entries()].filter(([, answer]) => answer !== 'stale');
    assert.equal(winners.length, 1);
    const [[n, version] = []] = winners;
    assert.deepEqual(await store.get(at('lock')), { key: 'lock', value: { n }, version });
    assert.equal(await store.put(at('lock'), {}, 'absent'), 'stale');
  });

  test(`${name}: without a version the last of many writers wins, and none is refused`, async () => {
    const store = await create();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => store.put(at('count'), { n })));
    assert.ok(answers.every((answer) => answer !== 'stale'));
    assert.equal((await store.get(at('count')))?.version, 20);
  });

  test(`${name}: what a reader holds does not change under its hands`, async () => {
    const store = await create();
    const value = { list: [1] };
    await store.put(at('a'), value);
    value.list.push(2);
    assert.deepEqual((await store.get(at('a')))?.value, { list: [1] });
  });

  test(`${name}: fields that are null are not kept, places in a list are`, async () => {
    const store = await create();
    await store.put(at('a'), { gone: null, deep: { gone: null, there: 0 }, list: [null, 1] });
    assert.deepEqual((await store.get(at('a')))?.value, { deep: { there: 0 }, list: [null, 1] });
  });

  test(`${name}: a container is listed in the order of keys, from behind a key`, async () => {
    const store = await create();
    for (const key of ['c', 'a', 'b']) await store.put(at(key), {});
    await store.put({ container: 'others', key: 'z' }, {});
    const keys = async (after?: string) => (await Array.fromAsync(store.list('runs', after))).map(({ key }) => key);
    assert.deepEqual(await keys(), ['a', 'b', 'c']);
    assert.deepEqual(await keys('a'), ['b', 'c']);
    await store.remove(at('b'));
    assert.deepEqual(await keys('a'), ['c']);
    assert.deepEqual(await Array.fromAsync(store.list('nothing')), []);
  });

  test(`${name}: many are listed whole, also while some of them are removed`, async () => {
    const store = await create();
    const names = Array.from({ length: 230 }, (_, n) => String(n).padStart(3, '0'));
    await Promise.all(names.map((key) => store.put(at(key), { key })));
    const found: string[] = [];
    for await (const { key } of store.list('runs')) {
      found.push(key);
      await store.remove(at(key));
    }
    assert.deepEqual(found, names);
  });

  test(`${name}: any allowed character, and the longest key, come back`, async () => {
    const store = await create();
    for (const key of ['A-Z_a.z~0', 'x'.repeat(256)]) {
      await store.put(at(key), { key });
      assert.deepEqual((await store.get(at(key)))?.value, { key });
    }
  });

  test(`${name}: keys and sizes that custom objects do not allow are refused`, async () => {
    const store = await create();
    for (const key of ['a/b', '', 'ä', 'x'.repeat(257)])
      await assert.rejects(store.put(at(key), {}), /not a store key/);
    await assert.rejects(store.put(at('a'), { text: 'x'.repeat(1_000_001) }), /more than 1000000/);
    await store.put(at('a'), { text: 'x'.repeat(900_000) });
  });
}

async function disturb(sandbox: CommercetoolsSandbox, rule: object): Promise<void> {
  await fetch(`${sandbox.url}/sandbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ path: '/shop/custom-objects', ...rule }),
  });
}

test('custom objects: a write whose answer was lost is an own write, not a stale one', async () => {
  const store = await objectsOf(strict);
  const at = { container: 'runs', key: 'lost' };
  await store.put({ container: 'runs', key: 'other' }, {}, 'absent');
  await disturb(strict, { kind: 'applied-then-lost', method: 'POST', times: 1 });
  assert.equal(await store.put(at, { n: 1 }, 'absent'), 1);
  await disturb(strict, { kind: 'truncate', method: 'POST', times: 1 });
  assert.equal(await store.put(at, { n: 2 }, 1), 2);
  await disturb(strict, { kind: 'applied-then-lost', method: 'DELETE', times: 1 });
  assert.equal(await store.remove(at, 2), 'ok');
});

test('custom objects: a store that stays away says so, and works again when it is back', async () => {
  const store = await objectsOf(strict);
  const at = { container: 'runs', key: 'a' };
  await disturb(strict, { kind: 'status', status: 503, times: 4, method: 'POST' });
  await assert.rejects(store.put(at, {}), (thrown) => thrown instanceof StoreFailure && thrown.kind === 'unavailable');
  assert.equal(await store.put(at, {}), 1);
});

test('custom objects: what somebody else put into the container is passed over', async () => {
  const store = await objectsOf(strict);
  await store.put({ container: 'runs', key: 'b' }, { n: 1 });
  const row = { version: 1, createdAt: '2026-01-01T00:00:00Z', lastModifiedAt: '2026-01-01T00:00:00Z' };
  const odd = { id: 'odd', ...row, container: 'runs', key: 'a', value: 'a text' };
  await strict.place('key-value-document', [odd]);
  assert.deepEqual(
    (await Array.fromAsync(store.list('runs'))).map(({ key }) => key),
    ['b'],
  );
});

test('custom objects: a client without manage_key_value_documents is told apart', async () => {
  const store = connected(forbidding);
  const notAllowed = (thrown: unknown) => thrown instanceof StoreFailure && thrown.kind === 'not-allowed';
  const at = { container: 'runs', key: 'a' };
  await assert.rejects(store.get(at), notAllowed);
  await assert.rejects(store.put(at, {}), notAllowed);
  await assert.rejects(store.put(at, {}, 'absent'), notAllowed);
  await assert.rejects(Array.fromAsync(store.list('runs')), notAllowed);
});

test('custom objects: replicas take a key from each other only once', async () => {
  for (const sandbox of [strict, overwriting]) {
    await sandbox.reset();
    const replicas = Array.from({ length: 5 }, () => connected(sandbox));
    const at = { container: 'runs', key: 'lock' };
    const answers = await Promise.all(replicas.map((store, n) => store.put(at, { n }, 'absent')));
    assert.equal(answers.filter((answer) => answer !== 'stale').length, 1);
  }
});
