import assert from 'node:assert/strict';
import { test } from 'node:test';
import { money, now, price, reference, settings } from '../../../test/fixtures/index.ts';
import { type Price, standalonePriceSchema } from '../../commercetools/schemas.ts';
import { amountOf, choosePrice, hasOnlyChannelPrices } from './prices.ts';

const plain = settings().product.price;
const prices = (...list: Record<string, unknown>[]): Price[] =>
  list.map((one) =>
    standalonePriceSchema.parse({ id: 'p', version: 1, createdAt: '', lastModifiedAt: '', sku: 's', ...one }),
  );
function chosen(list: Price[], of = plain, currency?: string): number | undefined {
  const price = choosePrice(list, { settings: of, at: now, ...(currency === undefined ? {} : { currency }) });
  return price && amountOf(price, of);
}
const yesterday = '2026-03-15T12:00:00.000Z';
const lastWeek = '2026-03-09T12:00:00.000Z';
const tomorrow = '2026-03-17T12:00:00.000Z';

test('prices of customer groups, channels and subscriptions are never chosen', () => {
  const list = prices(
    price(100, { customerGroup: reference('customer-group', 'b2b') }),
    price(200, { channel: reference('channel', 'berlin') }),
    price(300, { recurrencePolicy: reference('recurrence-policy', 'monthly') }),
  );
  assert.equal(chosen(list), undefined);
  assert.equal(chosen([...list, ...prices(price(999))]), 9.99);
});

test("the configured channel's price comes first; those of other channels are never chosen", () => {
  const berlin = settings({ product: { price: { channel: 'berlin' } } }).product.price;
  const list = prices(
    price(999),
    price(100, { channel: reference('channel', 'paris') }),
    price(888, { channel: reference('channel', 'berlin') }),
  );
  assert.equal(chosen(list, berlin), 8.88);
  assert.equal(chosen(list.slice(0, 2), berlin), 9.99);
});

test('a price that is valid now comes before an undated one; an expired or future one is not chosen', () => {
  const list = prices(
    price(999),
    price(100, { validFrom: lastWeek, validUntil: yesterday }),
    price(200, { validFrom: tomorrow }),
    price(799, { validFrom: yesterday, validUntil: tomorrow }),
  );
  assert.equal(chosen(list), 7.99);
  assert.equal(chosen(list.slice(0, 3)), 9.99);
});

test('the end of a price is exclusive, its begin inclusive', () => {
  assert.equal(chosen(prices(price(1, { validUntil: now.toISOString() }))), undefined);
  assert.equal(chosen(prices(price(1, { validFrom: now.toISOString() }))), 0.01);
});

test('of several dated prices the earliest begin, the earliest end, then the list order decides', () => {
  const list = prices(
    price(1, { validUntil: tomorrow }),
    price(2, { validFrom: yesterday }),
    price(3, { validFrom: lastWeek }),
    price(4, { validFrom: lastWeek, validUntil: tomorrow }),
    price(5, { validFrom: lastWeek, validUntil: tomorrow }),
  );
  assert.equal(chosen(list), 0.04);
  assert.equal(chosen(list.slice(0, 2)), 0.02, 'without a begin it begins now');
});

test('of undated prices one without country comes before one with, unless a country is preferred', () => {
  const list = prices(price(1, { country: 'DE' }), price(2, { country: 'AT' }), price(3));
  assert.equal(chosen(list), 0.03);
  assert.equal(chosen(list, settings({ product: { price: { country: 'AT' } } }).product.price), 0.02);
  assert.equal(chosen(list, settings({ product: { price: { country: 'FR' } } }).product.price), 0.03);
});

test('only prices in the requested currency are chosen', () => {
  const list = prices(price(1), { ...price(2), value: money(2, 'USD') });
  assert.equal(chosen(list, plain, 'USD'), 0.02);
  assert.equal(chosen(list, plain, 'CHF'), undefined);
});

test('the discounted value is used, unless the settings say otherwise', () => {
  const list = prices(price(1000, { discounted: { value: money(750), discount: reference('product-discount', 'd') } }));
  assert.equal(chosen(list), 7.5);
  assert.equal(chosen(list, settings({ product: { price: { discounted: false } } }).product.price), 10);
});

test('prices of other channels only are detected', () => {
  const list = prices(price(1, { channel: reference('channel', 'paris') }));
  assert.equal(hasOnlyChannelPrices(list, plain), true);
  assert.equal(hasOnlyChannelPrices([...list, ...prices(price(2))], plain), false);
  assert.equal(hasOnlyChannelPrices([], plain), false);
});
