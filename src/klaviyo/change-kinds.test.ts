/** Tests which pending changes are coalesced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventChange } from './change.ts';
import { coalescingKey } from './change-kinds.ts';

const event: EventChange = {
  type: 'event',
  metric: 'Placed Order',
  uniqueId: 'order-1',
  time: '2026-01-15T10:00:00Z',
  profile: { email: 'anna@example.test' },
  properties: {},
};

test('a deletion is coalesced with the changes to its record', () => {
  const category = { external_id: 'a', name: 'A' };
  const deleteCategory = { type: 'delete', recordType: 'category', externalId: 'a' } as const;
  const deleteItem = { type: 'delete', recordType: 'item', externalId: 'a' } as const;
  assert.equal(coalescingKey(deleteCategory, 'bulk'), coalescingKey({ type: 'category', category }, 'realtime'));
  assert.notEqual(coalescingKey(deleteCategory, 'bulk'), coalescingKey(deleteItem, 'bulk'));
});

test('an event is coalesced with the same event for the same profile, with the e-mail in any case', () => {
  const sameEvent = { ...event, profile: { email: 'Anna@example.test' } };
  assert.equal(coalescingKey(event, 'bulk'), coalescingKey(sameEvent, 'bulk'));
});

test('an event is not coalesced across lanes or profiles', () => {
  const key = coalescingKey(event, 'bulk');
  assert.notEqual(key, coalescingKey(event, 'realtime'));
  assert.notEqual(key, coalescingKey({ ...event, profile: { email: 'bert@example.test' } }, 'bulk'));
  assert.notEqual(key, coalescingKey({ ...event, profile: { external_id: '1' } }, 'bulk'));
});
