import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  categories,
  changeDelivery,
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  inventoryEntry,
  type Json,
  lookupsIn,
  mappedOutput,
  money,
  price,
  product,
  reference,
  run,
  type Shop,
  settings,
  skipReason,
  standalonePrice,
  variant,
} from '../../../test/fixtures/index.ts';
import type { ItemChange } from '../../klaviyo/change.ts';
import type { RuleOutput } from '../types.ts';

const rule = 'item';
const ref = reference('product', id('ab1'));
const published = delivery('ProductPublished', ref, { scope: 'All' });
const environment = { preferredLocale: 'en-US', productUrlTemplate: 'https://shop.example/{{productSlug}}' };
const english = settings({}, environment);

async function evaluate(record: Json, set: Json = {}, shop: Shop = {}, body = published): Promise<RuleOutput> {
  const lookups = lookupsIn({ categories: categories(), inventory: [inventoryEntry()], ...shop, products: [record] });
  return mappedOutput(
    await evaluateMessage(body, { rule, lookups, settings: { ...english, ...settings(set), ...environment } }),
  );
}
function itemIn({ changes: [change], skips }: RuleOutput): ItemChange {
  if (change?.type !== 'item') throw new Error(`no item was written: ${skips.join()}`);
  return change;
}
const written1 = async (record: Json = product(), set: Json = {}, shop: Shop = {}) =>
  itemIn(await evaluate(record, set, shop));

describe('a published product', () => {
  test('becomes an item with texts, URL, image and price', async () => {
    const { item } = await written1();
    const { custom_metadata: metadata, ...attributes } = item;
    assert.deepEqual(attributes, {
      external_id: id('ab1'),
      title: 'Slim Jeans',
      description: 'Blue and slim.',
      url: 'https://shop.example/slim-jeans',
      image_full_url: 'https://cdn.example.com/jeans-s.jpg',
      price: 79.9,
      published: true,
    });
    assert.deepEqual(Object.keys(metadata), [
      'title_json',
      'slug_json',
      'price_json',
      'currency_json',
      'ctk_categories',
    ]);
    assert.deepEqual(JSON.parse(metadata.title_json ?? ''), { 'title_en-US': 'Slim Jeans', title_de: 'Schmale Jeans' });
  });

  test("has a variant for each sku with its own price, stock and image, else the item's image", async () => {
    const { variants } = await written1();
    assert.deepEqual(
      variants.map((one) => [one.external_id, one.sku, one.price, one.inventory_quantity, one.inventory_policy]),
      [
        ['JEANS-S', 'JEANS-S', 79.9, 5, 1],
        ['JEANS-M', 'JEANS-M', 84.9, 0, 2],
      ],
    );
    assert.equal(variants[1]?.image_full_url, 'https://cdn.example.com/jeans-s.jpg');
    assert.equal(JSON.parse(variants[1]?.custom_metadata.price_json ?? '').price_EUR, 84.9);
    assert.ok(!('ctk_categories' in (variants[0]?.custom_metadata ?? {})));
  });

  test('is linked to its categories and their ancestors, parents first, and has a hash of the links', async () => {
    const change = await written1();
    assert.deepEqual(change.categories, [
      { external_id: id('ca1'), name: 'Women' },
      { external_id: id('ca2'), name: 'Women > Pants' },
      { external_id: id('ca3'), name: 'Women > Pants > Jeans' },
    ]);
    const mark = change.item.custom_metadata.ctk_categories;
    const both = [reference('category', id('ca3')), reference('category', id('ca2'))];
    const same = await written1(product({}, { categories: both }));
    const other = await written1(product({}, { categories: [reference('category', id('ca4'))] }));
    assert.equal(same.item.custom_metadata.ctk_categories, mark);
    assert.notEqual(other.item.custom_metadata.ctk_categories, mark);
  });

  test('without description, image, price, template or slug is still complete', async () => {
    const bare = product(
      {},
      { description: undefined, slug: {}, masterVariant: variant({ images: [], prices: [] }), variants: [] },
    );
    const { item, variants } = await written1(bare);
    assert.deepEqual([item.description, item.image_full_url, item.price, item.url], ['', null, null, 'None']);
    assert.deepEqual([variants[0]?.price, variants[0]?.image_full_url], [0, null]);
    assert.ok(!('price_json' in item.custom_metadata) && !('currency_json' in item.custom_metadata));
    assert.equal((await written1(bare, { product: { noDescription: 'None' } })).item.description, 'None');
  });

  test('omits a variant without sku, with a warning', async () => {
    const output = await evaluate(
      product({}, { variants: [variant({ id: 2, sku: undefined }), variant({ id: 3, sku: '' })] }),
    );
    assert.deepEqual(
      itemIn(output).variants.map(({ sku }) => sku),
      ['JEANS-S'],
    );
    assert.deepEqual(output.warnings, [
      { code: 'variant_without_sku', detail: 'variant 2 has no sku and was left out' },
    ]);
  });

  test('is not linked while categories are not synced, with a warning', async () => {
    const off = ['CategoryCreated', ' CategoryResourceUpdated', 'CategoryResourceDeleted '];
    const output = await evaluate(product(), { disabledEvents: off });
    const empty = await written1(product({}, { categories: [] }));
    assert.deepEqual(itemIn(output).categories, []);
    assert.equal(itemIn(output).item.custom_metadata.ctk_categories, empty.item.custom_metadata.ctk_categories);
    assert.deepEqual(
      output.warnings.map(({ code }) => code),
      ['categories_not_synced'],
    );
  });

  test('in a deleted category is linked to its other categories, with a warning', async () => {
    const both = [reference('category', id('dead')), reference('category', id('ca4'))];
    const output = await evaluate(product({}, { categories: both }));
    assert.deepEqual(itemIn(output).categories, [{ external_id: id('ca4'), name: 'Sale' }]);
    assert.deepEqual(
      output.warnings.map(({ code }) => code),
      ['unknown_category'],
    );
  });

  test('without a master variant is skipped with the reason', async () => {
    assert.match((await evaluate(product({}, { masterVariant: undefined }))).skips[0] ?? '', /modular catalogue/);
  });

  test('uses only prices in the preferred currency', async () => {
    const lookups = lookupsIn({ products: [product()] });
    const set = settings({}, { ...environment, preferredCurrency: 'USD' });
    const change = itemIn(mappedOutput(await evaluateMessage(published, { rule, lookups, settings: set })));
    assert.deepEqual([change.item.price, change.variants[0]?.price], [null, 0]);
  });

  test('with channel prices only has no price, and a warning names the setting', async () => {
    const prices = [price(100, { channel: reference('channel', 'berlin') })];
    const record = product({}, { masterVariant: variant({ prices }), variants: [] });
    const output = await evaluate(record);
    assert.equal(itemIn(output).item.price, null);
    assert.match(output.warnings[0]?.detail ?? '', /product\.price\.channel/);
    const chosen = await evaluate(record, { product: { price: { channel: 'berlin' } } });
    assert.deepEqual([itemIn(chosen).item.price, chosen.warnings], [1, []]);
  });
});

describe('stock of an item', () => {
  test('is 0 with a warning when all entries are in channels that are not configured', async () => {
    const inventory = [inventoryEntry({ supplyChannel: reference('channel', 'paris'), availableQuantity: 5 })];
    const one = product({}, { variants: [] });
    const warned = await evaluate(one, { product: { inventory: { useChannelInventory: 'berlin' } } }, { inventory });
    assert.equal(itemIn(warned).variants[0]?.inventory_quantity, 0);
    assert.match(warned.warnings[0]?.detail ?? '', /useChannelInventory/);
    const named = await evaluate(one, { product: { inventory: { useChannelInventory: 'paris' } } }, { inventory });
    assert.deepEqual([itemIn(named).variants[0]?.inventory_quantity, named.warnings], [5, []]);
  });

  test('comes from the inventory entries, not from the availability that lags behind a sale', async () => {
    const { variants } = await written1(product(), {}, { inventory: [inventoryEntry({ availableQuantity: 1 })] });
    assert.equal(variants[0]?.inventory_quantity, 1);
  });

  test('comes from the availability without the scope to read entries', async () => {
    const { variants } = await written1(product(), {}, { inventory: undefined });
    assert.deepEqual(
      variants.map((one) => [one.inventory_quantity, one.inventory_policy]),
      [
        [5, 1],
        [0, 1],
      ],
    );
  });
});

describe('standalone prices', () => {
  const record = product({ priceMode: 'Standalone' });
  const priceChanged = (own: Json) =>
    delivery('StandalonePriceValueChanged', reference('standalone-price', id('ff2')), { value: money(1), ...own });

  test('replace embedded prices in price mode Standalone', async () => {
    const { item } = await written1(record, {}, { standalonePrices: [standalonePrice(4990)] });
    assert.equal(item.price, 49.9);
    assert.equal((await written1(record)).item.price, null);
    assert.equal((await written1(product(), {}, { standalonePrices: [standalonePrice(1)] })).item.price, 79.9);
  });

  test('lead to the product of their sku, which is read by id if the message has none', async () => {
    const output = await evaluate(record, {}, { standalonePrices: [standalonePrice(4990)] }, priceChanged({}));
    assert.equal(itemIn(output).item.price, 49.9);
  });

  test('that were deleted still lead to the product by the sku of the message', async () => {
    const body = delivery('StandalonePriceDeleted', reference('standalone-price', id('ff2')), { sku: 'JEANS-S' });
    assert.equal(itemIn(await evaluate(record, {}, {}, body)).item.price, null);
  });

  test('without a product, or of a product with embedded prices, are skipped with the reason', async () => {
    const ask = async (shop: Shop) =>
      skipReason(
        await evaluateMessage(priceChanged({}), { rule, lookups: lookupsIn({ products: [product()], ...shop }) }),
      );
    assert.equal(await ask({}), 'the price no longer exists');
    assert.match(await ask({ standalonePrices: [standalonePrice(1)] }), /priceMode Embedded/);
    assert.match(await ask({ standalonePrices: [standalonePrice(1, { sku: 'OTHER' })] }), /no product/);
  });

  test('of an unpublished product are skipped', async () => {
    const draft = { ...record, masterData: { ...Object(record.masterData), published: false } };
    const output = await evaluate(draft, {}, { standalonePrices: [standalonePrice(1)] }, priceChanged({}));
    assert.deepEqual([output.changes, output.skips], [[], ['the product is not published']]);
  });
});

describe('embedded prices', () => {
  test('that are public are sent; staged ones are skipped with the reason', async () => {
    const changed = (staged: boolean) => delivery('ProductPriceChanged', ref, { variantId: 1, staged });
    assert.equal(itemIn(await evaluate(product(), {}, {}, changed(false))).item.price, 79.9);
    const lookups = lookupsIn({ products: [product()] });
    assert.match(skipReason(await evaluateMessage(changed(true), { rule, lookups })), /only staged/);
  });

  test('with one public discount are sent', async () => {
    const discounts = (...staged: boolean[]) =>
      delivery('ProductPriceDiscountsSet', ref, { updatedPrices: staged.map((one) => ({ staged: one })) });
    assert.equal(itemIn(await evaluate(product(), {}, {}, discounts(true, false))).item.price, 79.9);
    const lookups = lookupsIn({ products: [product()] });
    assert.match(skipReason(await evaluateMessage(discounts(true, true), { rule, lookups })), /only staged/);
  });
});

describe('an unpublished or deleted product', () => {
  const draft = { ...product(), masterData: { ...Object(product().masterData), published: false } };
  const unpublished = delivery('ProductUnpublished', ref);

  test('deletes its item', async () => {
    const deletions = [{ type: 'delete', recordType: 'item', externalId: id('ab1') }];
    assert.deepEqual((await evaluate(draft, {}, {}, unpublished)).changes, deletions);
    const deleted = await evaluateMessage(changeDelivery('ResourceDeleted', ref), { rule, lookups: lookupsIn({}) });
    assert.deepEqual(mappedOutput(deleted).changes, deletions);
    const gone = await evaluateMessage(unpublished, { rule, lookups: lookupsIn({}) });
    assert.deepEqual(mappedOutput(gone).changes, deletions);
    const inRun = await evaluateRecords([draft], { rule, lookups: lookupsIn({}), cause: run });
    assert.deepEqual(mappedOutput(inRun).changes, deletions);
  });

  test('that still exists is written as it is: the message alone is no proof', async () => {
    const forged = await evaluate(product(), {}, {}, changeDelivery('ResourceDeleted', ref));
    assert.equal(forged.changes[0]?.type, 'item');
  });

  test('keeps its item if the settings say so, and the reason names the setting', async () => {
    const without = await evaluate(draft, { product: { messages: { deleted: [] } } });
    assert.match(without.skips[0] ?? '', /product\.messages\.deleted/);
    const disabled = await evaluate(draft, { disabledEvents: ['ProductUnpublished'] });
    assert.match(disabled.skips[0] ?? '', /disabledEvents/);
  });

  test('that was published again in the meantime is sent', async () => {
    assert.equal(itemIn(await evaluate(product(), {}, {}, unpublished)).item.published, true);
  });

  test('that no longer exists is skipped', async () => {
    assert.equal(
      skipReason(await evaluateMessage(published, { rule, lookups: lookupsIn({}) })),
      'the product no longer exists',
    );
  });
});
