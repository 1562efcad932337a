/** What a sync says about skus that come back in stock, and how it leaves them as they are. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CatalogShop, newEntry, newProduct, startCatalogShop } from './catalog-fixture.ts';

let shop: CatalogShop;
before(async () => {
  shop = await startCatalogShop();
});
after(() => shop.stop());

/** A product that is in Klaviyo with a quantity of 0, and has stock in a channel since. */
async function soldOut() {
  const made = newProduct();
  await shop.addRecords('inventory-entry', newEntry(made.sku, 0, 'berlin'));
  await shop.publish(made);
  await shop.addRecords('inventory-entry', newEntry(made.sku, 30, 'paris'));
  return made;
}
const sync = ({ id }: { id: string }, more = {}) => shop.testEnv.sync('products', { ids: [id], ...more });
const quantityOf = async ({ sku }: { sku: string }) => (await shop.variant(sku)).inventory_quantity;

test('a sync counts the skus whose stock rises from 0', async () => {
  const made = await soldOut();
  const run = await sync(made);
  assert.deepEqual([run.state, run.counts.raisedFromZero, await quantityOf(made)], ['completed', 1, 30]);
  assert.equal((await sync(made)).counts.raisedFromZero, undefined);
});

test('keepStock leaves the quantity as it is, says how many would rise, and writes the rest', async () => {
  const made = await soldOut();
  const renamed = { ...made.record, masterData: { ...Object(made.record.masterData) } };
  renamed.masterData.current = { ...renamed.masterData.current, name: { 'en-US': 'Renamed' } };
  await shop.addRecords('product', renamed);
  const run = await sync(made, { keepStock: true });
  assert.deepEqual([run.state, run.counts.raisedFromZero, await quantityOf(made)], ['completed', 1, 0]);
  assert.equal((await shop.variant(made.sku)).title, 'Renamed');
  const fresh = newProduct();
  await shop.addRecords('product', fresh.record);
  await shop.addRecords('inventory-entry', newEntry(fresh.sku, 4));
  await sync(fresh, { keepStock: true });
  assert.equal(await quantityOf(fresh), 4);
});

test('only a sync of products can keep stock', async () => {
  const answer = await shop.testEnv.post('/sync/orders', { keepStock: true });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /keepStock: only products have stock/);
});
