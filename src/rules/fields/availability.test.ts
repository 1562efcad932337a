import assert from 'node:assert/strict';
import { test } from 'node:test';
import { id, inventoryEntry, reference, settings } from '../../../test/fixtures/index.ts';
import { type InventoryEntry, inventoryEntrySchema } from '../../commercetools/schemas.ts';
import { affectsStock, stockOfAvailability, stockOfEntries } from './availability.ts';

const plain = settings().product.inventory;
const berlin = settings({ product: { inventory: { useChannelInventory: 'berlin' } } }).product.inventory;
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
  assert.equal(stockOfEntries([entry('2', 4, 'paris')], plain).quantity, 0);
});

test('a negative quantity becomes 0', () => {
  assert.equal(stockOfEntries([entry('1', -3)], plain).quantity, 0);
});

test('a sku without entries is not tracked, unless the settings define a policy', () => {
  assert.deepEqual(stockOfEntries([], plain), { quantity: 0, policy: 2 });
  assert.deepEqual(stockOfEntries([entry('1', 1)], plain), { quantity: 1, policy: 1 });
  const always = settings({ product: { inventory: { policy: 0 } } }).product.inventory;
  assert.equal(stockOfEntries([], always).policy, 0);
});

test('the availability of a variant gives the same stock', () => {
  const availability = { availableQuantity: 5, channels: { berlin: { availableQuantity: 0 } } };
  assert.deepEqual(stockOfAvailability(availability, plain), { quantity: 5, policy: 1 });
  assert.deepEqual(stockOfAvailability(availability, berlin), { quantity: 0, policy: 1 });
  assert.deepEqual(stockOfAvailability(undefined, plain), { quantity: 0, policy: 2 });
});

test('a change of an entry has no effect while another entry decides', () => {
  const both = [entry('1', 9), entry('2', 4, 'berlin')];
  assert.equal(affectsStock(id('1'), both, berlin), false);
  assert.equal(affectsStock(id('2'), both, berlin), true);
  assert.equal(affectsStock(id('1'), both, plain), true);
  assert.equal(affectsStock(id('2'), both, plain), false);
});

test('a change of any entry has an effect while no entry decides', () => {
  assert.equal(affectsStock(id('2'), [entry('2', 4, 'paris')], plain), true);
  assert.equal(affectsStock(id('2'), [], plain), true);
  assert.equal(affectsStock(id('2'), [entry('1', 9), entry('2', 4, 'paris')], berlin), true);
});
