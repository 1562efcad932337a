import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pino from 'pino';
import { z } from 'zod';
import { createService } from '../../src/app/service.ts';
import { readConfig } from '../../src/config/config.ts';
import { runSchema } from '../../src/engine/runs/run.ts';
import { changeDelivery, type Json } from '../fixtures/index.ts';
import { ended, startReplica, until } from '../runs/replicas.ts';
import {
  type CatalogShop,
  changed,
  idOf,
  newCategory,
  newProduct,
  referenceTo,
  startCatalogShop,
} from './catalog-fixture.ts';

const status = z.object({ ended: z.array(runSchema) });

let shop: CatalogShop;
before(async () => {
  shop = await startCatalogShop();
});
after(() => shop.stop());

/** Adds Women > Pants > Jeans to the shop, sends their messages, and adds a product in Jeans. */
async function jeans() {
  const women = newCategory('Women');
  const pants = newCategory('Pants', women);
  const jeans = newCategory('Jeans', pants);
  const product = newProduct({ categories: [referenceTo(jeans)] });
  await shop.addRecords('category', women, pants, jeans);
  for (const one of [women, pants, jeans]) {
    assert.equal(await shop.sendMessage('CategoryCreated', referenceTo(one), { category: one }), 204);
  }
  await shop.publish(product);
  return { women, pants, jeans, product };
}

const nameOf = async (record: Parameters<typeof idOf>[0]) => (await shop.category(idOf(record))).name;
const named = (record: Parameters<typeof idOf>[0], name: string) => ({ ...record, name: { 'en-US': name } });

test('a category that is created is named by its breadcrumb', async () => {
  const { women, pants, jeans: below } = await jeans();
  assert.equal(await nameOf(women), 'Women');
  assert.equal(await nameOf(pants), 'Women > Pants');
  assert.equal(await nameOf(below), 'Women > Pants > Jeans');
});

test('a category whose message was too large is read and created', async () => {
  const sale = newCategory('Sale');
  await shop.addRecords('category', sale);
  assert.equal(await shop.sendWithoutPayload('CategoryCreated', referenceTo(sale)), 204);
  assert.equal(await nameOf(sale), 'Sale');
});

test('a category without a name in any language is called by its slug', async () => {
  const bare = newCategory('', undefined, { name: {}, slug: { de: 'angebote' } });
  await shop.addRecords('category', bare);
  assert.equal(await shop.sendMessage('CategoryCreated', referenceTo(bare), { category: bare }), 204);
  assert.equal(await nameOf(bare), 'angebote');
});

test('a category that is gone when its message arrives is not created', async () => {
  const gone = newCategory('Gone');
  assert.equal(await shop.sendMessage('CategoryCreated', referenceTo(gone), { category: gone }), 204);
  assert.deepEqual(
    (await shop.categories()).filter(({ external_id }) => external_id === idOf(gone)),
    [],
  );
  assert.deepEqual(shop.reasons(idOf(gone)), ['the category no longer exists']);
});

test('a renamed category renames everything below it', async () => {
  const { women, pants, jeans: below } = await jeans();
  await shop.addRecords('category', named(women, 'Ladies'));
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(women)), 204);
  assert.equal(await nameOf(women), 'Ladies');
  assert.equal(await nameOf(pants), 'Ladies > Pants');
  assert.equal(await nameOf(below), 'Ladies > Pants > Jeans');
});

test('a category that is renamed twice in quick succession ends, with everything below it, at the last name', async () => {
  const { women, pants, jeans: below } = await jeans();
  for (const name of ['First', 'Second', 'Third']) {
    await shop.addRecords('category', named(women, name));
    void shop.sendChange('ResourceUpdated', referenceTo(women));
  }
  await shop.addRecords('category', named(women, 'Last'));
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(women)), 204);
  assert.equal(await nameOf(women), 'Last');
  assert.equal(await nameOf(pants), 'Last > Pants');
  assert.equal(await nameOf(below), 'Last > Pants > Jeans');
});

test('a category that is renamed right after a full sync renames everything below it', async () => {
  const { women, jeans: below } = await jeans();
  await shop.testEnv.sync('categories');
  await shop.addRecords('category', named(women, 'Ladies'));
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(women)), 204);
  assert.equal(await nameOf(below), 'Ladies > Pants > Jeans');
});

test('a category that is renamed while a full sync runs renames everything below it', async () => {
  const { women, pants, jeans: below } = await jeans();
  const sync = shop.testEnv.sync('categories');
  await shop.addRecords('category', named(women, 'Ladies'));
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(women)), 204);
  await sync;
  await shop.testEnv.app.settled();
  assert.equal(await nameOf(pants), 'Ladies > Pants');
  assert.equal(await nameOf(below), 'Ladies > Pants > Jeans');
});

test('the products of a category that moved are linked to its new ancestors, and no more to the old ones', async () => {
  const { women, pants, jeans: below, product } = await jeans();
  const men = newCategory('Men');
  const moved = newCategory('Pants', men, { id: idOf(pants) });
  const deeper = newCategory('Jeans', moved, { id: idOf(below) });
  await shop.addRecords('category', men, moved, deeper);
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(moved)), 204);
  assert.equal(await nameOf(below), 'Men > Pants > Jeans');
  const { categories } = await shop.item(product.id);
  assert.deepEqual(categories.toSorted(), [idOf(men), idOf(pants), idOf(below)].sort());
  assert.deepEqual((await shop.category(idOf(women))).items, []);
});

test('an updated category that Klaviyo does not know yet is created', async () => {
  const late = newCategory('Late');
  await shop.addRecords('category', late);
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(late)), 204);
  assert.equal(await nameOf(late), 'Late');
});

test('a deleted category is deleted, its items stay; a second time and an unknown one are fine too', async () => {
  const { jeans: below, product } = await jeans();
  shop.testEnv.shop.records.remove('category', idOf(below));
  await shop.addRecords('product', changed(product, { categories: [] }).record);
  for (let time = 0; time < 2; time += 1) {
    assert.equal(await shop.sendChange('ResourceDeleted', referenceTo(below)), 204);
  }
  assert.equal(
    (await shop.categories()).some(({ external_id }) => external_id === idOf(below)),
    false,
  );
  assert.ok(!(await shop.item(product.id)).categories.includes(idOf(below)));
  assert.equal(await shop.sendChange('ResourceDeleted', referenceTo(newCategory('Never'))), 204);
});

test('a categories sync writes what realtime writes, and a second one writes nothing', async () => {
  const top = newCategory('Shoes');
  const below = newCategory('Boots', top);
  await shop.addRecords('category', top, below);
  const first = await shop.testEnv.sync('categories');
  assert.equal(first.state, 'completed');
  assert.equal(await nameOf(below), 'Shoes > Boots');
  const before = await shop.writes();
  const second = await shop.testEnv.sync('categories');
  assert.equal(await shop.writes(), before);
  assert.equal(second.counts.delivered, second.counts.read);
});

test('what follows a renamed category is a run of its own, shown with its reason', async () => {
  const { women } = await jeans();
  const followUps = async () => {
    const { ended } = status.parse(await (await fetch(`${shop.testEnv.service}/sync`)).json());
    return ended.filter(({ kind }) => kind === 'follow-up');
  };
  const known = new Set((await followUps()).map(({ id }) => id));
  await shop.addRecords('category', named(women, 'Ladies'));
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(women)), 204);
  const shown = (await followUps()).filter(({ id }) => !known.has(id));
  assert.deepEqual(shown.map(({ resource }) => resource).toSorted(), ['categories', 'products']);
  for (const run of shown) {
    assert.deepEqual([run.by, run.state], ['message', 'completed']);
    assert.match(run.request.reason ?? '', /category/);
  }
});

test('{ids}: only these categories; an unknown id is counted as skipped', async () => {
  await using own = await startCatalogShop();
  const [one, other] = [newCategory('One'), newCategory('Other')];
  await own.addRecords('category', one, other);
  const run = await own.testEnv.sync('categories', { ids: [idOf(one), idOf(newCategory('Never'))] });
  assert.deepEqual([run.counts.delivered, run.counts.skipped], [1, 1]);
  assert.deepEqual(
    (await own.categories()).map(({ name }) => name),
    ['One'],
  );
});

test('other messages that the merchant names create a category', async () => {
  await using own = await startCatalogShop({
    settings: { category: { messages: { created: ['CategorySlugChanged'] } } },
  });
  const sale = newCategory('Sale');
  await own.addRecords('category', sale);
  assert.equal(await own.sendMessage('CategoryCreated', referenceTo(sale), { category: sale }), 204);
  assert.deepEqual(await own.categories(), []);
  assert.equal(await own.sendMessage('CategorySlugChanged', referenceTo(sale), { slug: {} }), 204);
  assert.equal((await own.category(idOf(sale))).name, 'Sale');
});

test('with two replicas neither keeps an old name: one hears of the parent, the other one of the child', async () => {
  const other = createService(readConfig(shop.testEnv.env), pino({ level: 'silent' }));
  const [service = ''] = await other.start();
  const tellOther = async (type: string, ref: Json) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ ...changeDelivery(type, ref), version: 1_000 });
    assert.equal((await fetch(service, { method: 'POST', headers, body })).status, 204);
    await other.settled();
  };
  const { women, pants, jeans: below } = await jeans();
  await tellOther('ResourceUpdated', referenceTo(below));
  await shop.addRecords('category', named(women, 'Ladies'));
  assert.equal(await shop.sendChange('ResourceUpdated', referenceTo(women)), 204);
  await tellOther('ResourceUpdated', referenceTo(pants));
  await other.stop();
  assert.equal(await nameOf(pants), 'Ladies > Pants');
  assert.equal(await nameOf(below), 'Ladies > Pants > Jeans');
});

test('what follows a rename is done right by a replica that has not heard of it', async () => {
  await using own = await startCatalogShop({ env: { RUN_WORKER: 'false' } });
  const other = await startReplica(own.testEnv, { RUN_WORKER: 'true' });
  const women = newCategory('Women');
  const pants = newCategory('Pants', women);
  await own.addRecords('category', women, pants);
  await ended(other, (await other.post('categories')).run?.id);
  await own.addRecords('category', named(women, 'Ladies'));
  assert.equal(await own.sendChange('ResourceUpdated', referenceTo(women)), 204);
  await until(async () => (await other.runs('categories')).ended.find(({ kind }) => kind === 'follow-up'));
  assert.equal((await own.category(idOf(pants))).name, 'Ladies > Pants');
  await other.app.stop();
});

test('after all categories were deleted and synced again, a sync of products with force links them again', async () => {
  await using own = await startCatalogShop();
  const women = newCategory('Women');
  const product = newProduct({ categories: [referenceTo(women)] });
  await own.addRecords('category', women);
  await own.addRecords('product', product.record);
  await own.testEnv.sync('categories');
  await own.testEnv.sync('products');
  assert.deepEqual((await own.item(product.id)).categories, [idOf(women)]);
  await own.testEnv.sync('categories', { deleteAll: true, confirmDeletion: 'categories' });
  await own.testEnv.sync('categories');
  await own.testEnv.sync('products', { force: true });
  assert.deepEqual((await own.item(product.id)).categories, [idOf(women)]);
});
