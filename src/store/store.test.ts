/** Contract test of all stores. Custom objects are those of the mock commercetools API, over HTTP. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { commercetoolsVariants } from '../../sandbox/commercetools/behaviours.ts';
import { startCommercetoolsSandbox } from '../../sandbox/commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../../sandbox/commercetools/sandbox-types.ts';
import { createCommercetoolsClient } from '../commercetools/client.ts';
import { createObjectsApi } from '../commercetools/objects-api.ts';
import { createCustomObjectsStore, type ObjectsApiResult } from './custom-objects.ts';
import { createMemoryStore } from './memory.ts';
import { type Store, StoreError, untilWritten } from './store.ts';

let strict: CommercetoolsSandbox;
let forbidding: CommercetoolsSandbox;
/** By variant of what version 0 does to an existing and to an absent object. */
const variants = new Map<string, CommercetoolsSandbox>();
const variantNames = commercetoolsVariants.versionZero.flatMap((versionZero) =>
  commercetoolsVariants.versionZeroOfAbsent.map((versionZeroOfAbsent) => ({
    name: `version 0: ${versionZero}, of an absent object: ${versionZeroOfAbsent}`,
    behaviours: { versionZero, versionZeroOfAbsent },
  })),
);
before(async () => {
  strict = await startCommercetoolsSandbox();
  forbidding = await startCommercetoolsSandbox({ scopes: ['view_orders'] });
  for (const { name, behaviours } of variantNames) variants.set(name, await startCommercetoolsSandbox(behaviours));
});
after(() => Promise.all([strict, forbidding, ...variants.values()].map((sandbox) => sandbox.stop())));

function variant(name: string): CommercetoolsSandbox {
  const sandbox = variants.get(name);
  assert.ok(sandbox);
  return sandbox;
}

async function objectsOf(sandbox: CommercetoolsSandbox): Promise<Store> {
  await sandbox.reset();
  return storeOf(sandbox);
}

/** The store of another replica. */
function storeOf({ url, authUrl, projectKey, clientId, clientSecret }: CommercetoolsSandbox): Store {
  const options = { scopes: [], timeoutMs: 2_000, retries: 3 };
  const client = createCommercetoolsClient({ apiUrl: url, authUrl, projectKey, clientId, clientSecret, ...options });
  return createCustomObjectsStore(createObjectsApi(client));
}

const stores: Record<string, () => Promise<Store>> = {
  memory: async () => createMemoryStore(),
  ...Object.fromEntries(variantNames.map(({ name }) => [`custom objects, ${name}`, () => objectsOf(variant(name))])),
};

for (const [name, create] of Object.entries(stores)) {
  const at = (key: string) => ({ container: 'runs', key });

  test(`${name}: get returns a record as it was put, with a version`, async () => {
    const store = await create();
    assert.equal(await store.put(at('a'), { n: 1 }), 1);
    assert.deepEqual(await store.get(at('a')), { key: 'a', value: { n: 1 }, version: 1 });
    assert.equal(await store.get(at('b')), undefined);
  });

  test(`${name}: a stale write is rejected and changes nothing`, async () => {
    const store = await create();
    await store.put(at('a'), { n: 1 });
    assert.equal(await store.put(at('a'), { n: 2 }, 1), 2);
    assert.equal(await store.put(at('a'), { n: 3 }, 1), 'stale');
    assert.deepEqual((await store.get(at('a')))?.value, { n: 2 });
    assert.equal(await store.remove(at('a'), 1), 'stale');
    assert.equal(await store.remove(at('a'), 2), 'ok');
  });

  test(`${name}: a write with a version of a missing record is stale; removing it succeeds`, async () => {
    const store = await create();
    assert.equal(await store.put(at('gone'), {}, 3), 'stale');
    assert.equal(await store.remove(at('gone')), 'ok');
    assert.equal(await store.remove(at('gone'), 3), 'ok');
  });

  test(`${name}: exactly one of many concurrent writers creates a record`, async () => {
    const store = await create();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => store.put(at('lock'), { n }, 'absent')));
    const winners = [...answers.entries()].filter(([, answer]) => answer !== 'stale');
    assert.equal(winners.length, 1);
    const [[n, version] = []] = winners;
    assert.deepEqual(await store.get(at('lock')), { key: 'lock', value: { n }, version });
    assert.equal(await store.put(at('lock'), {}, 'absent'), 'stale');
  });

  test(`${name}: without a version the last of many writers wins, and none is rejected`, async () => {
    const store = await create();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => store.put(at('count'), { n })));
    assert.ok(answers.every((answer) => answer !== 'stale'));
    assert.equal((await store.get(at('count')))?.version, 20);
  });

  test(`${name}: a stored record does not change with the object that was put`, async () => {
    const store = await create();
    const value = { list: [1] };
    await store.put(at('a'), value);
    value.list.push(2);
    assert.deepEqual((await store.get(at('a')))?.value, { list: [1] });
  });

  test(`${name}: null fields of objects are removed, null elements of lists are kept`, async () => {
    const store = await create();
    await store.put(at('a'), { gone: null, deep: { gone: null, there: 0 }, list: [null, 1] });
    assert.deepEqual((await store.get(at('a')))?.value, { deep: { there: 0 }, list: [null, 1] });
  });

  test(`${name}: a container is listed in the order of keys, after a key`, async () => {
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

  test(`${name}: all of many records are listed, also while some are removed`, async () => {
    const store = await create();
    const names = Array.from({ length: 230 }, (_, n) => String(n).padStart(3, '0'));
    await Promise.all(names.map((key) => store.put(at(key), { key })));
    const keys: string[] = [];
    for await (const { key } of store.list('runs')) {
      keys.push(key);
      await store.remove(at(key));
    }
    assert.deepEqual(keys, names);
  });

  test(`${name}: all allowed characters and the longest key are supported`, async () => {
    const store = await create();
    for (const key of ['A-Z_a.z~0', 'x'.repeat(256)]) {
      await store.put(at(key), { key });
      assert.deepEqual((await store.get(at(key)))?.value, { key });
    }
  });

  test(`${name}: keys and sizes that custom objects do not allow are rejected`, async () => {
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

test('custom objects: a write whose response was lost is recognised, not stale', async () => {
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

test('custom objects: an unavailable store rejects, and works again afterwards', async () => {
  const store = await objectsOf(strict);
  const at = { container: 'runs', key: 'a' };
  await disturb(strict, { kind: 'status', status: 503, times: 4, method: 'POST' });
  await assert.rejects(store.put(at, {}), (thrown) => thrown instanceof StoreError && thrown.type === 'unavailable');
  assert.equal(await store.put(at, {}), 1);
});

test('custom objects: objects of other applications in the container are skipped', async () => {
  const store = await objectsOf(strict);
  await store.put({ container: 'runs', key: 'b' }, { n: 1 });
  const row = { version: 1, createdAt: '2026-01-01T00:00:00Z', lastModifiedAt: '2026-01-01T00:00:00Z' };
  const foreign = { id: 'odd', ...row, container: 'runs', key: 'a', value: 'a text' };
  await strict.place('key-value-document', [foreign]);
  assert.deepEqual(
    (await Array.fromAsync(store.list('runs'))).map(({ key }) => key),
    ['b'],
  );
});

test('custom objects: a client without manage_key_value_documents is forbidden', async () => {
  const store = storeOf(forbidding);
  const isForbidden = (thrown: unknown) => thrown instanceof StoreError && thrown.type === 'forbidden';
  const at = { container: 'runs', key: 'a' };
  await assert.rejects(store.get(at), isForbidden);
  await assert.rejects(store.put(at, {}), isForbidden);
  await assert.rejects(store.put(at, {}, 'absent'), isForbidden);
  await assert.rejects(Array.fromAsync(store.list('runs')), isForbidden);
});

test('custom objects: exactly one of several replicas creates a record', async () => {
  for (const sandbox of variants.values()) {
    await sandbox.reset();
    const replicas = Array.from({ length: 5 }, () => storeOf(sandbox));
    const at = { container: 'runs', key: 'lock' };
    const answers = await Promise.all(replicas.map((store, n) => store.put(at, { n }, 'absent')));
    assert.equal(answers.filter((answer) => answer !== 'stale').length, 1);
  }
});

/** Counts POST requests that the store sends. */
function countingStore(answer: ObjectsApiResult) {
  let posts = 0;
  const post = async () => {
    posts += 1;
    return answer;
  };
  const notFound = async () => ({ status: 'not-found' }) as const;
  return { store: createCustomObjectsStore({ get: notFound, post, delete: notFound }), posts: () => posts };
}

test('custom objects: a project that rejects every write gets a few requests, and the reason is passed on', async () => {
  const { store, posts } = countingStore({ status: 'rejected', reason: 'commercetools answered 400' });
  const at = { container: 'runs', key: 'a' };
  await assert.rejects(store.put(at, {}), /answered 400/);
  assert.equal(posts(), 1);
  await assert.rejects(store.put(at, {}, 'absent'), /answered 400/);
  await assert.rejects(store.put(at, {}, 'absent'), /answered 400/);
  // The probe, once, and one write for each record.
  assert.equal(posts(), 4);
});

test('custom objects: a probe without a response fails the creations that wait for it, and is repeated by the next one', async () => {
  const { store, posts } = countingStore({ status: 'uncertain', reason: 'no response' });
  const create = () => store.put({ container: 'runs', key: 'a' }, {}, 'absent');
  const results = await Promise.allSettled([create(), create(), create()]);
  assert.ok(results.every(({ status }) => status === 'rejected'));
  assert.equal(posts(), 1);
  await assert.rejects(create(), /no response/);
  assert.equal(posts(), 2);
});

test('a write that stays stale ends with a StoreError', async () => {
  await assert.rejects(
    untilWritten(async () => 'stale' as const),
    StoreError,
  );
});
