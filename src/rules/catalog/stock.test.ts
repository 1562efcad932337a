import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeDelivery,
  delivery,
  evaluateMessage,
  id,
  inventoryEntry,
  type Json,
  lookupsIn,
  mappedOutput,
  reference,
  settings,
  skipReason,
} from '../../../test/fixtures/index.ts';

const rule = 'stock';
const ref = reference('inventory-entry', id('e1'));
const updated = changeDelivery('ResourceUpdated', ref);
const berlin = { supplyChannel: reference('channel', 'berlin') };
const channel = { product: { inventory: { useChannelInventory: 'berlin' } } };

async function evaluate(inventory: Json[] | undefined, set: Json = {}, body = updated) {
  return mappedOutput(
    await evaluateMessage(body, { rule, lookups: lookupsIn({ inventory }), settings: settings(set) }),
  );
}

test('a stock update sets quantity and policy of the variant', async () => {
  const { changes } = await evaluate([inventoryEntry({ availableQuantity: 3 })]);
  assert.deepEqual(changes, [{ type: 'stock', sku: 'JEANS-S', quantity: 3, policy: 1 }]);
});

test('all entries of the sku are considered, with the same precedence as for items', async () => {
  const own = inventoryEntry({ ...berlin, availableQuantity: 2 });
  const other = inventoryEntry({ id: id('e2'), availableQuantity: 9 });
  assert.deepEqual((await evaluate([other, own], channel)).changes, [
    { type: 'stock', sku: 'JEANS-S', quantity: 2, policy: 1 },
  ]);
});

test('a change of an entry that does not decide is skipped with the reason', async () => {
  const deciding = inventoryEntry({ id: id('e2'), ...berlin });
  assert.match((await evaluate([inventoryEntry(), deciding], channel)).skips[0] ?? '', /useChannelInventory/);
  const elsewhere = inventoryEntry({ supplyChannel: reference('channel', 'paris') });
  assert.match(
    (await evaluate([elsewhere, inventoryEntry({ id: id('e2') })])).skips[0] ?? '',
    /another inventory entry/,
  );
});

test('deleting the last entry of a sku ends the tracking of its stock', async () => {
  const deleted = delivery('InventoryEntryDeleted', ref, { sku: 'JEANS-S' });
  const { changes } = await evaluate([], {}, deleted);
  assert.deepEqual(changes, [{ type: 'stock', sku: 'JEANS-S', quantity: 0, policy: 2 }]);
});

test('a new entry is not read, because its message contains the sku', async () => {
  const created = delivery('InventoryEntryCreated', ref, { inventoryEntry: inventoryEntry() });
  assert.equal((await evaluate([], {}, created)).changes.length, 1);
});

test('a deleted entry is skipped, and so is an entry without the scope to read it', async () => {
  assert.equal(
    skipReason(await evaluateMessage(updated, { rule, lookups: lookupsIn({}) })),
    'the inventory entry no longer exists',
  );
  const created = delivery('InventoryEntryCreated', ref, { inventoryEntry: inventoryEntry() });
  assert.match((await evaluate(undefined, {}, created)).skips[0] ?? '', /scope view_products/);
});
