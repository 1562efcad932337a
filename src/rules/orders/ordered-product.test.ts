import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  categories,
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  type Json,
  lineItem,
  lookupsIn,
  mappedOutput,
  money,
  order,
  product,
  reference,
  run,
  settings,
} from '../../../test/fixtures/index.ts';
import type { Change } from '../../klaviyo/change.ts';

const shop = { products: [product()], categories: categories() };

async function evaluate(overrides: Json = {}, set: Json = {}) {
  const body = delivery('OrderCreated', reference('order', id('0a')), { order: order(overrides) });
  const options = {
    rule: 'ordered-product',
    lookups: lookupsIn(shop),
    settings: settings(set, { preferredLocale: 'en-US' }),
  };
  return mappedOutput(await evaluateMessage(body, options));
}
const events = (changes: readonly Change[]) => changes.filter((change) => change.type === 'event');

test('each line item is an event with its own id and total price', async () => {
  const lines = [lineItem(), lineItem({ id: id('12'), totalPrice: money(100) })];
  const sent = events((await evaluate({ lineItems: lines })).changes);
  assert.deepEqual(
    sent.map(({ metric, uniqueId, value, currency }) => [metric, uniqueId, value, currency]),
    [
      ['Ordered Product', id('11'), 119.8, 'EUR'],
      ['Ordered Product', id('12'), 1, 'EUR'],
    ],
  );
  assert.equal(sent[0]?.time, '2026-03-14T10:00:00.000Z');
});

test('a gift has the value 0, and a custom line item has no event', async () => {
  const gift = lineItem({ lineItemMode: 'GiftLineItem', totalPrice: money(0) });
  for (const lineValue of ['total', 'list']) {
    const sent = events((await evaluate({ lineItems: [gift] }, { order: { lineValue } })).changes);
    assert.deepEqual(
      sent.map(({ value }) => value),
      [0],
      lineValue,
    );
  }
});

test("the event has Klaviyo's names and all fields of the line item, whatever the order's filter includes", async () => {
  const [event] = events((await evaluate({}, { order: { properties: { include: ['orderNumber'] } } })).changes);
  const properties = event?.properties ?? {};
  assert.deepEqual(
    [properties.OrderId, properties.ProductID, properties.SKU, properties.ProductName, properties.Quantity],
    ['2026-0042', id('ab1'), 'JEANS-S', 'Slim Jeans', 2],
  );
  assert.deepEqual([properties.ProductBrand, properties.ImageURL], ['Nordwind', 'https://cdn.example.com/jeans-s.jpg']);
  assert.deepEqual(properties.Categories, ['Women', 'Women > Pants', 'Women > Pants > Jeans']);
  assert.deepEqual([properties.quantity, properties.priceMode], [2, 'Platform']);
});

test("the settings can exclude Klaviyo's names, switch them off, or switch the line item's fields off", async () => {
  const named = events((await evaluate({}, { order: { properties: { raw: false, exclude: ['SKU'] } } })).changes)[0];
  assert.ok(
    named && !('SKU' in named.properties) && 'ProductID' in named.properties && !('quantity' in named.properties),
  );
  const raw = events((await evaluate({}, { order: { properties: { klaviyoNames: false } } })).changes)[0];
  assert.ok(raw && !('ProductID' in raw.properties) && 'productId' in raw.properties);
});

test('an order with custom line items only is skipped with the reason', async () => {
  assert.deepEqual((await evaluate({ lineItems: [] })).skips, ['the order has no line items']);
});

test('an order without e-mail and customer gives one reason, not one for each line item', async () => {
  const page = [
    order({ customerEmail: undefined, customerId: undefined, lineItems: [lineItem(), lineItem({ id: 'b' })] }),
  ];
  const { skips } = mappedOutput(
    await evaluateRecords(page, { rule: 'ordered-product', lookups: lookupsIn(shop), cause: run }),
  );
  assert.deepEqual(skips, ['the order has neither e-mail nor customer id']);
});
