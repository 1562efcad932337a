/** Stock: what of a variant is there, as messages about inventory entries bring it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { type Json, reference, stored, variant } from '../fixtures/index.ts';
import { type CatalogShop, idOf, newEntry, newProduct, referenceTo, startCatalogShop } from './catalog-fixture.ts';

let shop: CatalogShop;
before(async () => {
  shop = await startCatalogShop();
});
after(() => shop.stop());

const entryRef = (entry: Json) => referenceTo(entry, 'inventory-entry');
const stockOf = async (sku: string, at = shop) => {
  const { inventory_quantity, inventory_policy } = await at.variant(sku);
  return { quantity: inventory_quantity, policy: inventory_policy };
};
const left = (entry: Json, availableQuantity: number): Json => ({ ...entry, availableQuantity });

/** A published product, of whose first sku this much is there. */
async function onSale(quantity: number, current: Json = {}) {
  const made = newProduct(current);
  const entry = newEntry(made.sku, quantity);
  await shop.addRecords('inventory-entry', entry);
  await shop.publish(made);
  return { ...made, entry };
}

describe('triggers', () => {
  test('a sale (an entry’s ResourceUpdated; no quantity was set) shows in the variant', async () => {
    const { sku, entry } = await onSale(7);
    assert.deepEqual(await stockOf(sku), { quantity: 7, policy: 1 });
    assert.equal(await shop.stocked(left(entry, 4)), 204);
    assert.deepEqual(await stockOf(sku), { quantity: 4, policy: 1 });
  });

  test('InventoryEntryCreated: a sku that was not tracked gets its quantity, and its policy with it', async () => {
    const { sku2 } = await onSale(7);
    assert.deepEqual(await stockOf(sku2), { quantity: 0, policy: 2 });
    const entry = newEntry(sku2, 3);
    await shop.addRecords('inventory-entry', entry);
    assert.equal(await shop.sendMessage('InventoryEntryCreated', entryRef(entry), { inventoryEntry: entry }), 204);
    assert.deepEqual(await stockOf(sku2), { quantity: 3, policy: 1 });
  });

  test('InventoryEntryDeleted: the sku is in the message, and it is not tracked any more', async () => {
    const { sku, entry } = await onSale(7);
    shop.testEnv.shop.records.remove('inventory-entry', idOf(entry));
    assert.equal(await shop.sendMessage('InventoryEntryDeleted', entryRef(entry), { sku }), 204);
    assert.deepEqual(await stockOf(sku), { quantity: 0, policy: 2 });
  });

  for (const [what, sendMessage] of Object.entries({
    InventoryEntryQuantitySet: (entry: Json) =>
      shop.sendMessage('InventoryEntryQuantitySet', entryRef(entry), { newAvailableQuantity: 1 }),
    ResourceDeleted: (entry: Json) => shop.sendChange('ResourceDeleted', entryRef(entry)),
    ResourceCreated: (entry: Json) => shop.sendChange('ResourceCreated', entryRef(entry)),
  })) {
    test(`${what} triggers no rule`, async () => {
      const { sku, entry } = await onSale(7);
      await shop.addRecords('inventory-entry', left(entry, 1));
      assert.equal(await sendMessage(entry), 204);
      assert.deepEqual(await stockOf(sku), { quantity: 7, policy: 1 });
      assert.deepEqual(shop.reasons(idOf(entry)), [`no rule is triggered by ${what} of inventory-entry`]);
    });
  }

  test('an entry that is gone when it is fetched is skipped with the reason', async () => {
    const entry = newEntry(randomUUID(), 3);
    assert.equal(await shop.sendChange('ResourceUpdated', entryRef(entry)), 204);
    assert.deepEqual(shop.reasons(idOf(entry)), ['the inventory entry no longer exists']);
  });

  test('a message that was too large leads to the fetched entry', async () => {
    const { sku, entry } = await onSale(7);
    await shop.addRecords('inventory-entry', left(entry, 2));
    assert.equal(await shop.sendWithoutPayload('InventoryEntryCreated', entryRef(entry)), 204);
    assert.deepEqual(await stockOf(sku), { quantity: 2, policy: 1 });
  });
});

describe('how much is there', () => {
  test('what was oversold is 0, never less', async () => {
    const { sku, entry } = await onSale(2);
    assert.equal(await shop.stocked(left(entry, -3)), 204);
    assert.deepEqual(await stockOf(sku), { quantity: 0, policy: 1 });
  });

  test('without a configured channel the entry without channel counts; another one takes no part, and that is said', async () => {
    const { sku } = await onSale(7);
    const berlin = newEntry(sku, 99, 'berlin');
    assert.equal(await shop.stocked(berlin), 204);
    assert.deepEqual(await stockOf(sku), { quantity: 7, policy: 1 });
    assert.deepEqual(shop.reasons(idOf(berlin)), [
      'another inventory entry decides (product.inventory.useChannelInventory)',
    ]);
  });

  test('a sku that is in channels only has the sum of their stock, in realtime too', async () => {
    const { sku2 } = await onSale(7);
    assert.equal(await shop.stocked(newEntry(sku2, 5, 'berlin')), 204);
    assert.deepEqual(await stockOf(sku2), { quantity: 5, policy: 1 });
    assert.equal(await shop.stocked(newEntry(sku2, 3, 'paris')), 204);
    assert.deepEqual(await stockOf(sku2), { quantity: 8, policy: 1 });
  });

  test('several configured channels, by id or key, are summed', async () => {
    const settings = { product: { inventory: { useChannelInventory: ['berlin', 'paris-key'] } } };
    await using shops = await startCatalogShop({ settings });
    await shops.addRecords('channel', { ...stored('paris'), key: 'paris-key', roles: ['InventorySupply'] });
    const made = newProduct();
    await shops.addRecords('inventory-entry', newEntry(made.sku, 9), newEntry(made.sku, 2, 'berlin'));
    await shops.publish(made);
    assert.deepEqual(await stockOf(made.sku, shops), { quantity: 2, policy: 1 });
    assert.equal(await shops.stocked(newEntry(made.sku, 4, 'paris')), 204);
    assert.deepEqual(await stockOf(made.sku, shops), { quantity: 6, policy: 1 });
  });

  test('of the configured channel 0 is a value; without an entry there the one without channel counts', async () => {
    const settings = { product: { inventory: { useChannelInventory: 'berlin' } } };
    await using berlin = await startCatalogShop({ settings });
    const made = newProduct();
    await berlin.addRecords('inventory-entry', newEntry(made.sku, 9), newEntry(made.sku, 0, 'berlin'));
    await berlin.addRecords('inventory-entry', newEntry(made.sku2, 6), newEntry(made.sku2, 8, 'paris'));
    await berlin.publish(made);
    assert.deepEqual(await stockOf(made.sku, berlin), { quantity: 0, policy: 1 });
    assert.deepEqual(await stockOf(made.sku2, berlin), { quantity: 6, policy: 1 });
    const elsewhere = newEntry(made.sku, 70);
    assert.equal(await berlin.stocked(elsewhere), 204);
    assert.match(berlin.reasons(idOf(elsewhere)).join(), /another inventory entry decides/);
    assert.equal(await berlin.stocked(newEntry(made.sku2, 3, 'berlin')), 204);
    assert.deepEqual(await stockOf(made.sku2, berlin), { quantity: 3, policy: 1 });
  });

  test('product.inventory.policy stands for what comes with stock too', async () => {
    await using always = await startCatalogShop({ settings: { product: { inventory: { policy: 2 } } } });
    const made = newProduct();
    await always.publish(made);
    assert.equal(await always.stocked(newEntry(made.sku, 3)), 204);
    assert.deepEqual(await stockOf(made.sku, always), { quantity: 3, policy: 2 });
  });
});

describe('what is never seen', () => {
  const backInStock = z.object({ backInStock: z.array(z.unknown()) });
  const backInStockCount = async () =>
    backInStock.parse(await (await fetch(`${shop.testEnv.klaviyo.url}/sandbox/state`)).json()).backInStock.length;

  test('stock that goes up for a moment when a product is published after a sale, because its summary lags', async () => {
    const master = { availability: { isOnStock: true, availableQuantity: 7 } };
    const made = newProduct();
    const lagging = newProduct({ masterVariant: variant({ sku: made.sku, ...master }) });
    const product = { ...made, record: { ...lagging.record, id: made.id } };
    const entry = newEntry(made.sku, 7);
    await shop.addRecords('inventory-entry', entry);
    await shop.publish(product);
    assert.equal(await shop.stocked(left(entry, 0)), 204);
    const before = await backInStockCount();
    await shop.publish(product);
    assert.deepEqual(await stockOf(made.sku), { quantity: 0, policy: 1 });
    assert.equal(await backInStockCount(), before);
  });

  test('an older quantity at the end of a burst for one sku', async () => {
    const { sku, entry } = await onSale(100);
    const answers: Promise<number>[] = [];
    for (let sold = 1; sold <= 20; sold += 1) {
      await shop.addRecords('inventory-entry', left(entry, 100 - sold));
      answers.push(shop.sendChange('ResourceUpdated', entryRef(entry)));
    }
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([204]));
    assert.deepEqual(await stockOf(sku), { quantity: 80, policy: 1 });
  });

  test('a variant that came from stock alone: one that Klaviyo does not know is skipped with the reason', async () => {
    const entry = newEntry(`unknown-${randomUUID()}`, 5);
    assert.equal(await shop.stocked(entry), 204);
    assert.deepEqual(shop.reasons(idOf(entry)), ['Klaviyo has no variant with this sku']);
  });
});

test('a sku may hold any character', async () => {
  const sku = `Größe "M"/38 #1 & 50% ?a=b:::${randomUUID()}`;
  const made = newProduct({ masterVariant: variant({ sku }), variants: [] });
  await shop.publish(made);
  assert.equal(await shop.stocked(newEntry(sku, 12)), 204);
  assert.deepEqual(await stockOf(sku), { quantity: 12, policy: 1 });
  shop.testEnv.shop.records.remove('product', made.id);
  assert.equal(await shop.sendChange('ResourceDeleted', reference('product', made.id)), 204);
  assert.deepEqual(await shop.skusOf(made.id), []);
});

test('Klaviyo away: the message comes again, and then the stock is there', async () => {
  const { sku, entry } = await onSale(7);
  shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, path: '/api/catalog-variants' });
  assert.equal(await shop.stocked(left(entry, 3)), 503);
  shop.testEnv.klaviyo.faults.clear();
  assert.deepEqual(await stockOf(sku), { quantity: 7, policy: 1 });
  assert.equal(await shop.sendChange('ResourceUpdated', entryRef(entry)), 204);
  assert.deepEqual(await stockOf(sku), { quantity: 3, policy: 1 });
});
