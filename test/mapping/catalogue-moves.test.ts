/** What moves or goes: variants that a product loses, skus that change hands, what Klaviyo held from before. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { reference, variant } from '../fixtures/index.ts';
import { writeAsOther } from '../other-app.ts';
import {
  type CatalogShop,
  changed,
  idOf,
  klaviyoId,
  type Made,
  newCategory,
  newProduct,
  referenceTo,
  startCatalogShop,
  unpublished,
} from './catalog-fixture.ts';

let shop: CatalogShop;
before(async () => {
  shop = await startCatalogShop();
});
after(() => shop.stop());

const of = (made: Made) => reference('product', made.id);
/** The same product without its second variant. */
const single = (made: Made) => changed(made, { variants: [] });
/** The same product, whose second variant is the other one's first. */
const withSkuOf = (made: Made, other: Made) => changed(made, { variants: [variant({ id: 2, sku: other.sku })] });

describe('a variant that its product has no more', () => {
  test('is deleted when the product is published', async () => {
    const made = newProduct();
    await shop.publish(made);
    await shop.publish(single(made));
    assert.deepEqual(await shop.skusOf(made.id), [made.sku]);
  });

  test('is deleted by a products sync too', async () => {
    const made = newProduct();
    await shop.publish(made);
    await shop.addRecords('product', single(made).record);
    await shop.testEnv.sync('products', { ids: [made.id] });
    assert.deepEqual(await shop.skusOf(made.id), [made.sku]);
  });
});

/** Klaviyo can't move a variant, and a new one would have lost its back-in-stock subscribers. */
describe('a sku that moves to another product', () => {
  test('stays under its item, with what its new product says', async () => {
    const [old, heir] = [newProduct(), newProduct()];
    await shop.publish(old);
    await shop.publish(withSkuOf(heir, old));
    assert.deepEqual(await shop.skusOf(old.id), [old.sku, old.sku2].sort());
    const moved = await shop.variant(old.sku);
    assert.deepEqual([moved.item, moved.url], [old.id, (await shop.variant(heir.sku)).url]);
  });

  test('is not deleted when the old product is published without it, unpublished or deleted late', async () => {
    const [old, heir] = [newProduct(), newProduct()];
    await shop.publish(old);
    await shop.publish(withSkuOf(heir, old));
    const lost = changed(old, { masterVariant: variant({ sku: `${old.sku}-new` }), variants: [] });
    await shop.publish(lost);
    assert.deepEqual(await shop.skusOf(old.id), [old.sku, `${old.sku}-new`].sort());
    assert.deepEqual(shop.warnings(old.id), ['variant-kept']);
    await shop.addRecords('product', unpublished(lost).record);
    assert.equal(await shop.sendMessage('ProductUnpublished', of(old)), 204);
    assert.equal((await shop.item(old.id)).published, false);
    assert.equal(await shop.sendChange('ResourceDeleted', of(old)), 204);
    assert.equal((await shop.variant(old.sku)).item, old.id);
  });

  test('is created under its new product once the old one has been published without it', async () => {
    const [old, heir] = [newProduct(), newProduct()];
    await shop.publish(old);
    await shop.publish(changed(old, { masterVariant: variant({ sku: old.sku2 }), variants: [] }));
    assert.deepEqual(await shop.skusOf(old.id), [old.sku2]);
    await shop.publish(withSkuOf(heir, old));
    assert.deepEqual(await shop.skusOf(heir.id), [heir.sku, old.sku].sort());
  });

  test('changes hands in a products sync as well, whichever comes first', async () => {
    const [one, other] = [newProduct(), newProduct()];
    await shop.publish(one);
    await shop.publish(other);
    await shop.addRecords(
      'product',
      changed(one, { variants: [variant({ id: 2, sku: other.sku2 })] }).record,
      changed(other, { variants: [variant({ id: 2, sku: one.sku2 })] }).record,
    );
    const run = await shop.testEnv.sync('products', { ids: [one.id, other.id] });
    assert.equal(run.counts.rejected, 0);
    assert.deepEqual(await shop.skusOf(one.id), [one.sku, one.sku2].sort());
    assert.deepEqual(await shop.skusOf(other.id), [other.sku, other.sku2].sort());
    assert.equal((await shop.variant(one.sku2)).url, (await shop.variant(other.sku)).url);
  });
});

test('a variant without sku is left out, a warning says so, and the others arrive', async () => {
  const made = newProduct({ masterVariant: variant({ sku: undefined }) });
  await shop.publish(made);
  assert.deepEqual(await shop.skusOf(made.id), [made.sku2]);
  assert.deepEqual(shop.warnings(made.id), ['variant_without_sku']);
});

test('an id may hold any character: item and category are found again and go', async () => {
  const id = 'Größe/38 #1 & 50% ?a=b';
  const sale = newCategory('Sale', undefined, { id });
  const made = { ...newProduct({ categories: [referenceTo(sale)] }, { id }), id };
  await shop.addRecords('category', sale);
  await shop.publish(made);
  await shop.publish(made);
  assert.deepEqual((await shop.item(id)).categories, [idOf(sale)]);
  shop.testEnv.shop.records.remove('product', id);
  shop.testEnv.shop.records.remove('category', id);
  assert.equal(await shop.sendChange('ResourceDeleted', of(made)), 204);
  assert.equal(await shop.sendChange('ResourceDeleted', referenceTo(sale)), 204);
  // Deleted by a job, whose acceptance is acknowledged.
  await shop.testEnv.app.settled();
  assert.equal(
    [...(await shop.items()), ...(await shop.categories())].some(({ external_id }) => external_id === id),
    false,
  );
});

test('category links changed by another app: an item without our marker gets them rewritten', async () => {
  const women = newCategory('Women');
  await shop.addRecords('category', women);
  const made = newProduct({ categories: [referenceTo(women)] });
  await shop.publish(made);
  const item = {
    type: 'catalog-item',
    id: klaviyoId(made.id),
    attributes: { custom_metadata: {} },
    relationships: { categories: { data: [] } },
  };
  const path = `/api/catalog-items/${encodeURIComponent(item.id)}`;
  const answer = await writeAsOther(shop.testEnv.klaviyo.url, path, item);
  assert.equal(answer.status, 200);
  assert.deepEqual((await shop.item(made.id)).categories, []);
  await shop.testEnv.sync('products', { ids: [made.id] });
  assert.deepEqual((await shop.item(made.id)).categories, [idOf(women)]);
});

describe('a products sync', () => {
  test('writes what realtime writes, takes away what is not published, and a second one writes nothing', async () => {
    await using sold = await startCatalogShop();
    const [there, gone] = [newProduct(), newProduct()];
    await sold.publish(gone);
    await sold.addRecords('product', there.record, unpublished(gone).record);
    const first = await sold.testEnv.sync('products');
    assert.deepEqual([first.state, first.counts.read, first.counts.rejected], ['completed', 2, 0]);
    assert.deepEqual(
      (await sold.items()).map(({ external_id }) => external_id),
      [there.id],
    );
    const inBulk = await sold.item(there.id);
    const before = await sold.writes();
    await sold.testEnv.sync('products', { ids: [there.id] });
    assert.equal(await sold.writes(), before);
    await sold.publish(there);
    assert.deepEqual(await sold.item(there.id), inBulk);
  });

  test('{ids}: only these; an unknown id is counted as skipped', async () => {
    await using sold = await startCatalogShop();
    const [one, other] = [newProduct(), newProduct()];
    await sold.addRecords('product', one.record, other.record);
    const run = await sold.testEnv.sync('products', { ids: [one.id, newProduct().id] });
    assert.deepEqual([run.counts.delivered, run.counts.skipped], [1, 1]);
    assert.deepEqual(
      (await sold.items()).map(({ external_id }) => external_id),
      [one.id],
    );
  });

  test('{deleteAll}: every item goes, also one that the shop does not have; categories stay, and the other way round', async () => {
    await using sold = await startCatalogShop();
    const women = newCategory('Women');
    const made = newProduct({ categories: [referenceTo(women)] });
    await sold.addRecords('category', women);
    await sold.publish(made);
    sold.testEnv.shop.records.remove('product', made.id);
    const all = await sold.testEnv.sync('products', { deleteAll: true, confirmDeletion: 'products' });
    assert.equal(all.state, 'completed');
    assert.deepEqual([(await sold.items()).length, (await sold.variants()).length], [0, 0]);
    assert.equal((await sold.categories()).length, 1);
    await sold.publish(made);
    await sold.testEnv.sync('categories', { deleteAll: true, confirmDeletion: 'categories' });
    assert.deepEqual([(await sold.items()).length, (await sold.categories()).length], [1, 0]);
  });
});
