import assert from 'node:assert/strict';
import { test } from 'node:test';
import { money, now, price, settings } from '../../../test/fixtures/index.ts';
import { type Price, standalonePriceSchema } from '../../commercetools/schemas.ts';
import { metadataOfNames, metadataOfPrices } from './metadata.ts';

const names = metadataOfNames({ de: 'Hose', 'en-US': 'Pants', fr: '' }, { de: 'hose' });
const prices = (...list: Record<string, unknown>[]): Price[] =>
  list.map((one) =>
    standalonePriceSchema.parse({ id: 'p', version: 1, createdAt: '', lastModifiedAt: '', sku: 's', ...one }),
  );
function texts(list: Price[], preferredCurrency = ''): Record<string, Record<string, unknown>> {
  const ofPrices = metadataOfPrices(list, { at: now, settings: settings({}, { preferredCurrency }) });
  return Object.fromEntries(
    Object.entries({ ...names.texts, ...ofPrices.texts }).map(([name, text]) => [name, JSON.parse(text)]),
  );
}

test('each locale has its own key; empty texts have none', () => {
  assert.deepEqual(texts([]), {
    title_json: { title_de: 'Hose', 'title_en-US': 'Pants' },
    slug_json: { slug_de: 'hose' },
  });
});

test('a price without country applies to its currency and every country that uses it', () => {
  const { price_json, currency_json } = texts(prices(price(999)));
  assert.equal(price_json?.price_EUR, 9.99);
  assert.equal(price_json?.price_DE, 9.99);
  assert.equal(price_json?.price_BG, 9.99);
  assert.equal(price_json?.price_GB, undefined);
  assert.equal(currency_json?.currency_FR, 'EUR');
});

test("a country's own price wins over a price without country", () => {
  const { price_json, currency_json } = texts(
    prices(price(999), price(1099, { country: 'AT' }), {
      ...price(1199, { country: 'CH' }),
      value: money(1199, 'CHF'),
    }),
  );
  assert.deepEqual([price_json?.price_AT, price_json?.price_DE, price_json?.price_CH], [10.99, 9.99, 11.99]);
  assert.equal(currency_json?.currency_CH, 'CHF');
  assert.equal(price_json?.price_LI, undefined, "a neighbour's own price is not shared");
});

test('of two currencies of a country the preferred one is used, else the first', () => {
  const list = prices(
    { ...price(1, { country: 'CH' }), value: money(1100, 'CHF') },
    { ...price(1, { country: 'CH' }), value: money(1000, 'EUR') },
  );
  assert.equal(texts(list).currency_json?.currency_CH, 'CHF');
  assert.equal(texts(list, 'EUR').currency_json?.currency_CH, 'EUR');
  assert.equal(texts(list, 'USD').currency_json?.currency_CH, 'CHF');
});

test('without a valid price there is no key', () => {
  const { price_json, currency_json } = texts(prices(price(999, { validUntil: '2025-01-01T00:00:00Z' })));
  assert.deepEqual([price_json, currency_json], [{}, {}]);
});

test('entries that do not fit are left out whole, so that the text stays valid JSON', () => {
  const name = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`l${index}`, '"'.repeat(1_000)]));
  const metadata = metadataOfNames(name, {});
  assert.deepEqual(metadata.cut, ['title_json']);
  assert.ok(Object.keys(JSON.parse(metadata.texts.title_json ?? '')).length > 5);
  assert.ok(Buffer.byteLength(JSON.stringify(metadata.texts)) < 100_000);
});
