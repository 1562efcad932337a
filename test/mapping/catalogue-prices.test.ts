/** Which of many prices arrives, and what brings a new one: embedded and standalone prices through the whole service. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { type Json, money, now, price, reference, standalonePrice, variant } from '../fixtures/index.ts';
import { type CatalogShop, changed, type Made, newProduct, startCatalogShop, unpublished } from './catalog-fixture.ts';

let shop: CatalogShop;
before(async () => {
  shop = await startCatalogShop({ overrides: { now: () => now } });
});
after(() => shop.stop());

const lastYear = { validFrom: '2025-03-01T00:00:00.000Z', validUntil: '2025-04-01T00:00:00.000Z' };
const thisWeek = { validFrom: '2026-03-15T00:00:00.000Z', validUntil: '2026-03-20T00:00:00.000Z' };
const nextWeek = { validFrom: '2026-03-21T00:00:00.000Z' };
const of = (made: Made) => reference('product', made.id);
const inChannel = (id: string) => ({ channel: reference('channel', id) });

/** A product with one variant that has these prices. */
function priced(...prices: Json[]): Made {
  return newProduct({ masterVariant: variant({ sku: `${randomUUID()}-S`, prices }), variants: [] });
}

/** Its price on the item, published in this shop. */
async function priceOf(made: Made, at: CatalogShop = shop): Promise<number | null> {
  await at.publish(made);
  return (await at.item(made.id)).price;
}

describe('the price that anybody pays', () => {
  const others = [
    price(1, { customerGroup: reference('customer-group', 'b2b') }),
    price(2, inChannel('outlet')),
    price(3, { recurrencePolicy: reference('recurrence-policy', 'monthly') }),
    price(4, { value: money(4, 'USD') }),
    price(5, lastYear),
    price(6, nextWeek),
  ];

  test("is not a customer group's, a channel's, a subscription's, another currency's, last year's or next week's", async () => {
    assert.equal(await priceOf(priced(...others, price(7990))), 79.9);
    assert.equal(await priceOf(priced(...others)), null);
  });

  test('is one of this week before an undated one, and is gone when the week is over', async () => {
    const made = priced(price(7990), price(5990, thisWeek));
    assert.equal(await priceOf(made), 59.9);
    await using later = await startCatalogShop({ overrides: { now: () => new Date('2026-03-20T00:00:00.000Z') } });
    assert.equal(await priceOf(made, later), 79.9);
  });

  test('of several dated ones: earliest begin, then earliest end', async () => {
    const longer = { ...thisWeek, validUntil: '2026-03-25T00:00:00.000Z' };
    const begun = { ...thisWeek, validFrom: '2026-03-10T00:00:00.000Z' };
    assert.equal(await priceOf(priced(price(100, longer), price(200, thisWeek))), 2);
    assert.equal(await priceOf(priced(price(100, longer), price(200, thisWeek), price(300, begun))), 3);
  });

  test('of undated ones: without country before with one', async () => {
    assert.equal(await priceOf(priced(price(100, { country: 'DE' }), price(200))), 2);
    assert.equal(await priceOf(priced(price(100, { country: 'DE' }), price(200, { country: 'AT' }))), 1);
  });

  test('is the discounted one where there is one', async () => {
    const discounted = { discounted: { value: money(5990), discount: reference('product-discount', 'sale') } };
    assert.equal(await priceOf(priced(price(7990, discounted))), 59.9);
    const settings = { product: { price: { discounted: false } } };
    await using full = await startCatalogShop({ settings, overrides: { now: () => now } });
    assert.equal(await priceOf(priced(price(7990, discounted)), full), 79.9);
  });

  test('has the digits of its own currency', async () => {
    await using yen = await startCatalogShop({ env: { PREFERRED_CURRENCY: 'JPY' } });
    assert.equal(await priceOf(priced(price(1, { value: money(1500, 'JPY', 0) })), yen), 1500);
    await using any = await startCatalogShop({ env: { PREFERRED_CURRENCY: '' } });
    assert.equal(await priceOf(priced(price(1, { value: money(12_345, 'KWD', 3) }), price(100)), any), 12.345);
  });

  test('is none for a product with prices of channels only: null, for a variant 0, and a warning names the setting', async () => {
    const made = priced(price(1, inChannel('outlet')));
    assert.equal(await priceOf(made), null);
    assert.deepEqual(
      (await shop.variants()).flatMap(({ item, price: own }) => (item === made.id ? [own] : [])),
      [0],
    );
    assert.deepEqual(shop.warnings(made.id), ['only_channel_prices']);
    const settings = { product: { price: { channel: 'outlet' } } };
    await using outlet = await startCatalogShop({ settings });
    assert.equal(await priceOf(made, outlet), 0.01);
    assert.deepEqual(outlet.warnings(made.id), []);
  });

  test('product.price.channel and product.price.country come first', async () => {
    const settings = { product: { price: { channel: 'outlet', country: 'AT' } } };
    await using outlet = await startCatalogShop({ settings });
    assert.equal(await priceOf(priced(price(7990), price(4990, inChannel('outlet'))), outlet), 49.9);
    assert.equal(await priceOf(priced(price(7990), price(8990, { country: 'AT' })), outlet), 89.9);
  });
});

test('price_json and currency_json: by currency and by country, of the item and of each variant', async () => {
  const prices = [price(7990), price(8990, { country: 'AT' }), price(1, { value: money(9000, 'USD') })];
  const made = newProduct({
    masterVariant: variant({ sku: randomUUID(), prices }),
    variants: [variant({ id: 2, sku: randomUUID(), prices: [price(500)] })],
  });
  await shop.publish(made);
  const { custom_metadata: item } = await shop.item(made.id);
  const read = (text: string | undefined): unknown => JSON.parse(text ?? '{}');
  const byCountry = z.record(z.string(), z.union([z.number(), z.string()]));
  const itemPrices = byCountry.parse(read(item.price_json));
  assert.deepEqual(
    [itemPrices.price_EUR, itemPrices.price_AT, itemPrices.price_DE, itemPrices.price_USD, itemPrices.price_US],
    [79.9, 89.9, 79.9, 90, 90],
  );
  const currencies = byCountry.parse(read(item.currency_json));
  assert.deepEqual(
    [currencies.currency_AT, currencies.currency_DE, currencies.currency_US, currencies.currency_JP],
    ['EUR', 'EUR', 'USD', undefined],
  );
  const cheap = (await shop.variants()).find(({ item: id, price: own }) => id === made.id && own === 5);
  assert.equal(byCountry.parse(read(cheap?.custom_metadata.price_json)).price_AT, 5);
});

describe('embedded prices that change', () => {
  const repriced = (made: Made, cents: number) =>
    changed(made, { masterVariant: variant({ sku: made.sku, prices: [price(cents)] }) });

  for (const type of [
    'ProductPriceAdded',
    'ProductPriceChanged',
    'ProductPriceRemoved',
    'ProductPricesSet',
    'ProductPriceDiscountsSet',
    'ProductPriceExternalDiscountSet',
  ]) {
    test(`${type} brings the new price`, async () => {
      const made = newProduct();
      await shop.publish(made);
      await shop.addRecords('product', repriced(made, 6990).record);
      assert.equal(await shop.sendMessage(type, of(made), { staged: false }), 204);
      assert.equal((await shop.item(made.id)).price, 69.9);
      assert.equal((await shop.variant(made.sku)).price, 69.9);
    });
  }

  test('changes of staged prices trigger no rule', async () => {
    const made = newProduct();
    await shop.publish(made);
    const before = await shop.writes();
    await shop.addRecords('product', repriced(made, 6990).record);
    assert.equal(await shop.sendMessage('ProductPriceChanged', of(made), { staged: true }), 204);
    assert.equal(await shop.writes(), before);
    assert.equal((await shop.item(made.id)).price, 79.9);
    assert.match(shop.reasons(made.id).join(), /only staged/);
  });

  test('of a product that is not published: skipped with the reason', async () => {
    const made = unpublished(newProduct());
    await shop.addRecords('product', made.record);
    assert.equal(await shop.sendMessage('ProductPriceChanged', of(made), { staged: false }), 204);
    assert.deepEqual(shop.reasons(made.id), ['the product is not published']);
  });
});

describe('standalone prices', () => {
  const standalone = () => newProduct({}, { priceMode: 'Standalone' });
  const newPrice = (sku: string, cents: number, overrides: Json = {}) =>
    standalonePrice(cents, { id: randomUUID(), sku, ...overrides });
  const priceRef = (record: Json) => reference('standalone-price', String(record.id));

  /** A published product whose first sku costs 60. */
  async function onSale() {
    const made = standalone();
    const record = newPrice(made.sku, 6000);
    await shop.addRecords('standalone-price', record);
    await shop.publish(made);
    return { made, record };
  }

  test('count alone where the product says so, each for its own sku', async () => {
    const { made } = await onSale();
    assert.equal((await shop.item(made.id)).price, 60);
    assert.deepEqual([(await shop.variant(made.sku)).price, (await shop.variant(made.sku2)).price], [60, 0]);
  });

  test('count nothing where the product has its own', async () => {
    const made = newProduct();
    const record = newPrice(made.sku, 100);
    await shop.addRecords('standalone-price', record);
    await shop.publish(made);
    assert.equal((await shop.item(made.id)).price, 79.9);
    assert.equal(await shop.sendMessage('StandalonePriceValueChanged', priceRef(record)), 204);
    assert.match(shop.reasons(String(record.id)).join(), /priceMode Embedded/);
  });

  for (const type of [
    'StandalonePriceValueChanged',
    'StandalonePriceActiveChanged',
    'StandalonePriceDiscountSet',
    'StandalonePriceExternalDiscountSet',
    'StandalonePriceValidFromSet',
    'StandalonePriceValidUntilSet',
    'StandalonePriceValidFromAndUntilSet',
    'StandalonePriceStagedChangesApplied',
  ]) {
    test(`${type} brings the new price to the product with this sku`, async () => {
      const { made, record } = await onSale();
      await shop.addRecords('standalone-price', { ...record, value: money(4500) });
      assert.equal(await shop.sendMessage(type, priceRef(record)), 204);
      assert.deepEqual([(await shop.item(made.id)).price, (await shop.variant(made.sku)).price], [45, 45]);
    });
  }

  test('StandalonePriceCreated and StandalonePriceDeleted: the price comes and goes', async () => {
    const made = standalone();
    await shop.publish(made);
    const record = newPrice(made.sku2, 1200);
    await shop.addRecords('standalone-price', record);
    assert.equal(await shop.sendMessage('StandalonePriceCreated', priceRef(record), { standalonePrice: record }), 204);
    assert.equal((await shop.variant(made.sku2)).price, 12);
    shop.testEnv.shop.records.remove('standalone-price', String(record.id));
    assert.equal(await shop.sendMessage('StandalonePriceDeleted', priceRef(record), { standalonePrice: record }), 204);
    assert.equal((await shop.variant(made.sku2)).price, 0);
  });

  test('one that is not active is none', async () => {
    const made = standalone();
    await shop.addRecords('standalone-price', newPrice(made.sku, 100, { active: false }));
    await shop.publish(made);
    assert.equal((await shop.item(made.id)).price, null);
  });

  test('ProductPriceModeSet: from then on the others count', async () => {
    const made = newProduct();
    await shop.addRecords('standalone-price', newPrice(made.sku, 6000));
    await shop.publish(made);
    await shop.addRecords('product', { ...made.record, priceMode: 'Standalone' });
    assert.equal(await shop.sendMessage('ProductPriceModeSet', of(made), { to: 'Standalone' }), 204);
    assert.equal((await shop.item(made.id)).price, 60);
  });

  test('a price of an unknown SKU and a deleted price are skipped with the reason', async () => {
    const record = newPrice(randomUUID(), 100);
    await shop.addRecords('standalone-price', record);
    assert.equal(await shop.sendMessage('StandalonePriceValueChanged', priceRef(record)), 204);
    assert.deepEqual(shop.reasons(String(record.id)), ["no product has the price's sku"]);
    const gone = newPrice(randomUUID(), 100);
    assert.equal(await shop.sendMessage('StandalonePriceValueChanged', priceRef(gone)), 204);
    assert.deepEqual(shop.reasons(String(gone.id)), ['the price no longer exists']);
  });
});

test('prices change by the clock: a products sync after the sale brings the old price back', async () => {
  let clock = now;
  await using testEnv = await startCatalogShop({ overrides: { now: () => clock } });
  const made = priced(price(7990), price(5990, thisWeek));
  assert.equal(await priceOf(made, testEnv), 59.9);
  clock = new Date('2026-03-21T00:00:00.000Z');
  assert.equal((await testEnv.testEnv.sync('products')).state, 'completed');
  assert.equal((await testEnv.item(made.id)).price, 79.9);
});
