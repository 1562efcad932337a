/** Tests that a lease of the cart watch which can't be read stops nothing without a word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../store/memory.ts';
import { watchKey, watchLeases } from './watch-lease.ts';

test('a lease of another shape is refused with what to do; none is undefined', async () => {
  const store = createMemoryStore();
  assert.equal(await watchLeases.read(store, watchKey), undefined);
  await store.put(watchKey, { format: 3, position: 'x' });
  await assert.rejects(watchLeases.read(store, watchKey), /ctk-carts\/watch has an unknown shape.*delete/s);
});
