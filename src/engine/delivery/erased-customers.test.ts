/** Tests how erased customers are remembered: in pages, by several processes, and while the store is away. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { createErasedCustomers } from './erased-customers.ts';

const container = 'ctk-erased-customers';

test('an erased customer is remembered, no other one, and no id is stored', async () => {
  const store = createMemoryStore();
  const erased = createErasedCustomers(store);
  await erased.add('customer-1');
  await erased.add('customer-1');
  assert.deepEqual([await erased.has('customer-1'), await erased.has('customer-2')], [true, false]);
  const pages = await Array.fromAsync(store.list(container));
  assert.equal(pages.length, 1);
  assert.doesNotMatch(JSON.stringify(pages), /customer-1/);
});

test('pages hold a thousand hashes each, also when two processes add at once', async () => {
  const store = createMemoryStore();
  const [one, other] = [createErasedCustomers(store), createErasedCustomers(store)];
  const hashes = Array.from({ length: 999 }, (_, index) => String(index));
  await store.put({ container, key: 'page-000001' }, { hashes });
  await Promise.all([one.add('customer-1'), other.add('customer-2'), one.add('customer-3')]);
  const pages = await Array.fromAsync(store.list(container), ({ value }) => Object(value).hashes.length);
  assert.deepEqual(pages, [1_000, 2]);
  const fresh = createErasedCustomers(store);
  for (const customer of ['customer-1', 'customer-2', 'customer-3']) assert.equal(await fresh.has(customer), true);
});

test('what another process added is known after a minute', async () => {
  const store = createMemoryStore();
  let nowMs = 0;
  const [one, other] = [createErasedCustomers(store, () => nowMs), createErasedCustomers(store)];
  assert.equal(await one.has('customer-1'), false);
  await other.add('customer-1');
  nowMs = 59_999;
  assert.equal(await one.has('customer-1'), false);
  nowMs = 60_000;
  assert.equal(await one.has('customer-1'), true);
});

test('while the store is away the known ones stay known; before the first read nothing is assumed', async () => {
  const store = createMemoryStore();
  let nowMs = 0;
  const erased = createErasedCustomers(store, () => nowMs);
  await erased.add('customer-1');
  const { list } = store;
  store.list = () => {
    throw new StoreError('unavailable', 'away');
  };
  await assert.rejects(erased.has('customer-1'), { type: 'unavailable' });
  store.list = list;
  assert.equal(await erased.has('customer-1'), true);
  store.list = () => {
    throw new StoreError('unavailable', 'away');
  };
  nowMs = 60_000;
  assert.equal(await erased.has('customer-1'), true);
});

test('a customer who is erased during the first read is known at once', async () => {
  const memory = createMemoryStore();
  const reading = Promise.withResolvers<void>();
  let isFirst = true;
  const store: Store = {
    ...memory,
    async *list(name, after) {
      const waits = isFirst;
      isFirst = false;
      const listed = await Array.fromAsync(memory.list(name, after));
      if (waits) await reading.promise;
      yield* listed;
    },
  };
  const erased = createErasedCustomers(store);
  const other = erased.has('customer-2');
  await erased.add('customer-1');
  reading.resolve();
  assert.equal(await other, false);
  assert.equal(await erased.has('customer-1'), true);
});
