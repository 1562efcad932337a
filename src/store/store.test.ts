import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from './memory.ts';
import type { Store } from './store.ts';

const stores: Record<string, () => Store> = { memory: createMemoryStore };

for (const [name, create] of Object.entries(stores)) {
  const at = (key: string) => ({ container: 'runs', key });

  test(`${name}: a record comes back as it was put, with a version`, async () => {
    const store = create();
    assert.equal(await store.put(at('a'), { n: 1 }), 1);
    assert.deepEqual(await store.get(at('a')), { key: 'a', value: { n: 1 }, version: 1 });
    assert.equal(await store.get(at('b')), undefined);
  });

  test(`${name}: a stale write is refused and changes nothing`, async () => {
    const store = create();
    await store.put(at('a'), { n: 1 });
    await store.put(at('a'), { n: 2 }, 1);
    assert.equal(await store.put(at('a'), { n: 3 }, 1), 'stale');
    assert.deepEqual((await store.get(at('a')))?.value, { n: 2 });
    assert.equal(await store.remove(at('a'), 1), 'stale');
  });

  test(`${name}: a key that does not exist yet is taken by exactly one of many`, async () => {
    const store = create();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => store.put(at('lock'), { n }, 'absent')));
    assert.equal(answers.filter((answer) => answer !== 'stale').length, 1);
  });

  test(`${name}: what a reader holds does not change under its hands`, async () => {
    const store = create();
    const value = { list: [1] };
    await store.put(at('a'), value);
    value.list.push(2);
    assert.deepEqual((await store.get(at('a')))?.value, { list: [1] });
  });

  test(`${name}: a container is listed in the order of keys, from behind a key`, async () => {
    const store = create();
    for (const key of ['c', 'a', 'b']) await store.put(at(key), {});
    await store.put({ container: 'others', key: 'z' }, {});
    const keys = async (after?: string) => (await Array.fromAsync(store.list('runs', after))).map(({ key }) => key);
    assert.deepEqual(await keys(), ['a', 'b', 'c']);
    assert.deepEqual(await keys('a'), ['b', 'c']);
    await store.remove(at('b'));
    assert.deepEqual(await keys('a'), ['c']);
  });

  test(`${name}: characters that custom objects do not allow are refused`, async () => {
    const store = create();
    await assert.rejects(store.put(at('a/b'), {}));
    await assert.rejects(store.put(at('x'.repeat(257)), {}));
  });
}
