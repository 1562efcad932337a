import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askMessage,
  changeDelivery,
  delivery,
  id,
  inventoryEntry,
  type Json,
  lookIn,
  reference,
  settings,
  skippedBecause,
  written,
} from '../../../test/fixtures/index.ts';

const rule = 'stock';
const about = reference('inventory-entry', id('e1'));
const updated = changeDelivery('ResourceUpdated', about);
const berlin = { supplyChannel: reference('channel', 'berlin') };
const channel = { product: { inventory: { useChannelInventory: 'berlin' } } };

async function wordOn(inventory: Json[] | undefined, set: Json = {}, body = updated) {
  return written(await askMessage(body, { rule, lookups: lookIn({ inventory }), settings: settings(set) }));
}

test('a sale shows in the variant: quantity and policy together', async () => {
  const { changes } = await wordOn([inventoryEntry({ availableQuantity: 3 })]);
  assert.deepEqual(changes, [{ type: 'stock', sku: 'JEANS-S', quantity: 3, policy: 1 }]);
});

test('the whole stock of the sku counts, with the same precedence as for items', async () => {
  const own = inventoryEntry({ ...berlin, availableQuantity: 2 });
  const other = inventoryEntry({ id: id('e2'), availableQuantity: 9 });
  assert.deepEqual((await wordOn([other, own], channel)).changes, [
    { type: 'stock', sku: 'JEANS-S', quantity: 2, policy: 1 },
  ]);
});

test('an entry that takes no part is skipped with the reason', async () => {
  const deciding = inventoryEntry({ id: id('e2'), ...berlin });
  assert.match((await wordOn([inventoryEntry(), deciding], channel)).skips[0] ?? '', /useChannelInventory/);
  const elsewhere = inventoryEntry({ supplyChannel: reference('channel', 'paris') });
  assert.match((await wordOn([elsewhere, inventoryEntry({ id: id('e2') })])).skips[0] ?? '', /another inventory entry/);
});

test('the last entry of a sku that is deleted ends the tracking', async () => {
  const deleted = delivery('InventoryEntryDeleted', about, { sku: 'JEANS-S' });
  const { changes } = await wordOn([], {}, deleted);
  assert.deepEqual(changes, [{ type: 'stock', sku: 'JEANS-S', quantity: 0, policy: 2 }]);
});

test('a new entry leads to its sku without being read', async () => {
  const created = delivery('InventoryEntryCreated', about, { inventoryEntry: inventoryEntry() });
  assert.equal((await wordOn([], {}, created)).changes.length, 1);
});

test('an entry that is gone when it is read is skipped, and so are entries that may not be read', async () => {
  assert.equal(
    skippedBecause(await askMessage(updated, { rule, lookups: lookIn({}) })),
    'the inventory entry no longer exists',
  );
  const created = delivery('InventoryEntryCreated', about, { inventoryEntry: inventoryEntry() });
  assert.match((await wordOn(undefined, {}, created)).skips[0] ?? '', /scope view_products/);
});
