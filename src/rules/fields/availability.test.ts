import assert from 'node:assert/strict';
import { test } from 'node:test';
import { id, inventoryEntry, type Json, reference, settings } from '../../../test/fixtures/index.ts';
import { type InventoryEntry, inventoryEntrySchema } from '../../commercetools/schemas.ts';
import {
  affectsStock,
  channelNames,
  hasHiddenStock,
  type StockRules,
  stockOfAvailability,
  stockOfEntries,
} from './availability.ts';

const rules = (set: Json, ...channels: string[][]): StockRules => ({
  settings: settings({ product: { inventory: set } }).product.inventory,
  channels,
});
const plain = rules({});
const berlin = rules({ useChannelInventory: 'berlin' }, ['berlin']);
const both = rules({ useChannelInventory: ['berlin', 'paris-key'] }, ['berlin'], ['paris-key', 'paris']);
const entry = (own: string, availableQuantity: number, channel?: string): InventoryEntry =>
  inventoryEntrySchema.parse(
    inventoryEntry({
      id: id(own),
      availableQuantity,
      ...(channel === undefined ? {} : { supplyChannel: reference('channel', channel) }),
    }),
  );

test('the configured channel decides, and its 0 is a value', () => {
  assert.equal(stockOfEntries([entry('1', 9), entry('2', 0, 'berlin')], berlin).quantity, 0);
});

test('without an entry of the channel the one without channel decides, else the stock is 0', () => {
  assert.equal(stockOfEntries([entry('1', 9), entry('2', 4, 'paris')], berlin).quantity, 9);
  assert.equal(stockOfEntries([entry('2', 4, 'paris')], berlin).quantity, 0);
});

test('a negative quantity becomes 0', () => {
  assert.equal(stockOfEntries([entry('1', -3)], plain).quantity, 0);
});

test('a sku without entries is not tracked, unless the settings define a policy', () => {
  assert.deepEqual(stockOfEntries([], plain), { quantity: 0, policy: 2 });
  assert.deepEqual(stockOfEntries([entry('1', 1)], plain), { quantity: 1, policy: 1 });
  const always = rules({ policy: 0 });
  assert.equal(stockOfEntries([], always).policy, 0);
});

test('the availability of a variant gives the same stock', () => {
  const availability = { availableQuantity: 5, channels: { berlin: { availableQuantity: 0 } } };
  assert.deepEqual(stockOfAvailability(availability, plain), { quantity: 5, policy: 1 });
  assert.deepEqual(stockOfAvailability(availability, berlin), { quantity: 0, policy: 1 });
  assert.deepEqual(stockOfAvailability(undefined, plain), { quantity: 0, policy: 2 });
});

test('a change of an entry has no effect while another entry decides', () => {
  const entries = [entry('1', 9), entry('2', 4, 'berlin')];
  assert.equal(affectsStock(id('1'), entries, berlin), false);
  assert.equal(affectsStock(id('2'), entries, berlin), true);
  assert.equal(affectsStock(id('1'), entries, plain), true);
  assert.equal(affectsStock(id('2'), entries, plain), false);
});

test('a change of any entry has an effect while no entry decides', () => {
  assert.equal(affectsStock(id('2'), [entry('2', 4, 'paris')], plain), true);
  assert.equal(affectsStock(id('2'), [], plain), true);
  assert.equal(affectsStock(id('2'), [entry('1', 9), entry('2', 4, 'paris')], berlin), true);
});

test('several configured channels are summed, each counted once and at least 0', () => {
  const all = [entry('1', 100), entry('2', 4, 'berlin'), entry('3', 6, 'paris'), entry('4', 50, 'rome')];
  assert.deepEqual(stockOfEntries(all, both), { quantity: 10, policy: 1 });
  assert.equal(stockOfEntries([entry('2', -4, 'berlin'), entry('3', 6, 'paris')], both).quantity, 6);
  assert.equal(stockOfEntries([entry('3', 6, 'paris')], rules({}, ['paris'], ['p', 'paris'])).quantity, 6);
  const channels = { berlin: { availableQuantity: 4 }, paris: { availableQuantity: 6 } };
  assert.equal(stockOfAvailability({ availableQuantity: 100, channels }, both).quantity, 10);
});

test('a sku with entries of channels only has their sum, their maximum or is not tracked', () => {
  const entries = [entry('1', 12, 'a'), entry('2', 30, 'b'), entry('3', -5, 'c')];
  const availability = { channels: { a: { availableQuantity: 12 }, b: { availableQuantity: 30 } } };
  const expected = { sum: [42, 1], max: [30, 1], none: [0, 2] } as const;
  for (const [withoutChannel, [quantity, policy]] of Object.entries(expected)) {
    assert.deepEqual(stockOfEntries(entries, rules({ withoutChannel })), { quantity, policy }, withoutChannel);
    assert.deepEqual(stockOfAvailability(availability, rules({ withoutChannel })), { quantity, policy });
  }
  assert.deepEqual(stockOfEntries(entries, berlin), { quantity: 0, policy: 1 });
  assert.equal(stockOfEntries([...entries, entry('4', 0)], plain).quantity, 0);
});

test('while entries of channels decide, a change of each has an effect, also of one that was deleted', () => {
  const entries = [entry('1', 12, 'a'), entry('2', 30, 'b')];
  for (const changed of ['1', '2', '3']) assert.equal(affectsStock(id(changed), entries, plain), true);
  const inBoth = [entry('1', 1, 'berlin'), entry('2', 2, 'paris'), entry('3', 3, 'rome')];
  assert.equal(affectsStock(id('3'), inBoth, both), false);
  assert.equal(affectsStock(id('2'), inBoth, both), true);
  assert.equal(affectsStock(id('3'), inBoth.slice(1), both), true);
});

test('stock is hidden while the entry without channel is 0 and channels have some', () => {
  assert.equal(hasHiddenStock([entry('1', 0), entry('2', 4, 'a')], plain), true);
  assert.equal(hasHiddenStock([entry('1', 1), entry('2', 4, 'a')], plain), false);
  assert.equal(hasHiddenStock([entry('1', 0), entry('2', 0, 'a')], plain), false);
  assert.equal(hasHiddenStock([entry('2', 4, 'a')], plain), false);
});

test('the configured channels are a name or a list, without blanks', () => {
  const namesOf = (useChannelInventory: unknown) => channelNames(rules({ useChannelInventory }).settings);
  assert.deepEqual(namesOf(''), []);
  assert.deepEqual(namesOf(' berlin '), ['berlin']);
  assert.deepEqual(namesOf(['berlin', '', 'berlin', 'paris']), ['berlin', 'paris']);
});
