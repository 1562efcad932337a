import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askMessage,
  askRecords,
  categories,
  delivery,
  id,
  type Json,
  lineItem,
  lookIn,
  money,
  order,
  product,
  reference,
  run,
  settings,
  written,
} from '../../../test/fixtures/index.ts';
import type { Change } from '../../klaviyo/change.ts';

const shop = { products: [product()], categories: categories() };

async function wordOn(overrides: Json = {}, set: Json = {}) {
  const body = delivery('OrderCreated', reference('order', id('0a')), { order: order(overrides) });
  const asking = {
    rule: 'ordered-product',
    lookups: lookIn(shop),
    settings: settings(set, { preferredLocale: 'en-US' }),
  };
  return written(await askMessage(body, asking));
}
const events = (changes: readonly Change[]) => changes.filter((change) => change.type === 'event');

test('each line arrives under its own id with what it cost in all', async () => {
  const lines = [lineItem(), lineItem({ id: id('12'), totalPrice: money(100) })];
  const sent = events((await wordOn({ lineItems: lines })).changes);
  assert.deepEqual(
    sent.map(({ metric, uniqueId, value, currency }) => [metric, uniqueId, value, currency]),
    [
      ['Ordered Product', id('11'), 119.8, 'EUR'],
      ['Ordered Product', id('12'), 1, 'EUR'],
    ],
  );
  assert.equal(sent[0]?.time, '2026-03-14T10:00:00.000Z');
});

test('a gift arrives with the value 0, a custom line does not arrive', async () => {
  const gift = lineItem({ lineItemMode: 'GiftLineItem', totalPrice: money(0) });
  const sent = events((await wordOn({ lineItems: [gift] })).changes);
  assert.deepEqual(
    sent.map(({ value }) => value),
    [0],
  );
});

test("it carries Klaviyo's names and everything that the line has, whatever the order's filter includes", async () => {
  const [event] = events((await wordOn({}, { order: { properties: { include: ['orderNumber'] } } })).changes);
  const properties = event?.properties ?? {};
  assert.deepEqual(
    [properties.OrderId, properties.ProductID, properties.SKU, properties.ProductName, properties.Quantity],
    ['2026-0042', id('ab1'), 'JEANS-S', 'Slim Jeans', 2],
  );
  assert.deepEqual([properties.ProductBrand, properties.ImageURL], ['Nordwind', 'https://cdn.example.com/jeans-s.jpg']);
  assert.deepEqual(properties.Categories, ['Women', 'Women > Pants', 'Women > Pants > Jeans']);
  assert.deepEqual([properties.quantity, properties.priceMode], [2, 'Platform']);
});

test("exclude takes our names; the merchant may turn them off, or the line's own fields", async () => {
  const named = events((await wordOn({}, { order: { properties: { raw: false, exclude: ['SKU'] } } })).changes)[0];
  assert.ok(
    named && !('SKU' in named.properties) && 'ProductID' in named.properties && !('quantity' in named.properties),
  );
  const raw = events((await wordOn({}, { order: { properties: { klaviyoNames: false } } })).changes)[0];
  assert.ok(raw && !('ProductID' in raw.properties) && 'productId' in raw.properties);
});

test('an order of custom lines only is skipped with the reason', async () => {
  assert.deepEqual((await wordOn({ lineItems: [] })).skips, ['the order has no line items']);
});

test('an order without anybody is one reason, not one for each line', async () => {
  const page = [
    order({ customerEmail: undefined, customerId: undefined, lineItems: [lineItem(), lineItem({ id: 'b' })] }),
  ];
  const { skips } = written(await askRecords(page, { rule: 'ordered-product', lookups: lookIn(shop), cause: run }));
  assert.deepEqual(skips, ['the order has neither e-mail nor customer id']);
});
