/** Tests that profiles of corrected orders are found again, also after the store was unavailable. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LookupUnavailable } from '../../lib/errors.ts';
import { createMemoryStore } from '../../store/memory.ts';
import { type Store, StoreError } from '../../store/store.ts';
import { createRememberedProfiles } from './remembered-profiles.ts';

test('what one process remembers another one finds', async () => {
  const store = createMemoryStore();
  await createRememberedProfiles(store).remember('order-1', 'PROFILE1');
  const another = createRememberedProfiles(store);
  assert.equal(await another.profileIdOf('order-1'), 'PROFILE1');
  assert.equal(await another.profileIdOf('order-2'), undefined);
});

test('an order waits while the store cannot be read, and no longer', async () => {
  const memory = createMemoryStore();
  await createRememberedProfiles(memory).remember('order-1', 'PROFILE1');
  let isAway = true;
  const store: Store = {
    ...memory,
    list(container) {
      if (isAway) throw new StoreError('unavailable', 'the store is away');
      return memory.list(container);
    },
  };
  const profiles = createRememberedProfiles(store);
  await assert.rejects(profiles.profileIdOf('order-1'), LookupUnavailable);
  isAway = false;
  assert.equal(await profiles.profileIdOf('order-1'), 'PROFILE1');
});
