/** Tests the properties of `order.properties.details` and the link to the order's page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  customLineItem,
  evaluateRecords,
  id,
  type Json,
  lineItem,
  lookupsIn,
  mappedOutput,
  money,
  order,
  payment,
  reference,
  run,
  type Shop,
  settings,
} from '../../../test/fixtures/index.ts';
import { orderUrl, orderUrlOfStore } from '../fields/url.ts';

const orderUrlTemplate = 'https://berlin.example/orders/{orderId}';
const shop: Shop = {
  payments: [payment({ paymentMethodInfo: { method: 'CREDIT_CARD', name: { de: 'Kreditkarte', en: 'Credit card' } } })],
  names: { [`customer-group ${id('91')}`]: 'VIP' },
  stores: [{ id: id('51'), key: 'berlin', name: { en: 'Store Berlin' }, storefront: { orderUrlTemplate } }],
};
const complete: Json = {
  lineItems: [lineItem({ quantity: 2, totalPrice: money(11_980) })],
  customLineItems: [customLineItem({ totalPrice: money(300) })],
  shippingInfo: { shippingMethodName: 'DHL', price: money(595), discountedPrice: { value: money(295) } },
  taxedPrice: { totalNet: money(10_319), totalGross: money(12_280), totalTax: money(1_961) },
  customerGroup: reference('customer-group', id('91')),
  store: { typeId: 'store', key: 'berlin' },
};
const details = { order: { properties: { details: true } } };

async function evaluate(overrides: Json, set: Json, { rule = 'placed-order', known = shop } = {}) {
  const rules = settings(set, { preferredLocale: 'en' });
  const options = { rule, lookups: lookupsIn(known), settings: rules, cause: run };
  const { changes, warnings } = mappedOutput(await evaluateRecords([order({ ...complete, ...overrides })], options));
  const [change] = changes;
  assert.ok(change?.type === 'event');
  return { properties: change.properties, warnings: warnings.map(({ code }) => code) };
}
const names = [
  ...['Subtotal', 'ShippingCosts', 'TaxTotal', 'ItemCount', 'ShippingMethod', 'PaymentMethod'],
  ...['Store', 'Locale', 'CustomerGroup', 'OrderStatusUrl'],
];
const detailsIn = (properties: Json) =>
  Object.fromEntries(names.flatMap((name) => (name in properties ? [[name, properties[name]]] : [])));

const all = {
  Subtotal: 122.8,
  ShippingCosts: 2.95,
  TaxTotal: 19.61,
  ItemCount: 2,
  ShippingMethod: 'DHL',
  PaymentMethod: 'Credit card',
  Store: 'Store Berlin',
  Locale: 'de-DE',
  CustomerGroup: 'VIP',
  OrderStatusUrl: `https://berlin.example/orders/${id('0a')}`,
};

test('all events of the whole order have the details, refunds too', async () => {
  for (const [rule, overrides] of Object.entries({
    'placed-order': {},
    'fulfilled-order': { orderState: 'Complete' },
    'cancelled-order': { orderState: 'Cancelled' },
    'refunded-order': {},
  }))
    assert.deepEqual(detailsIn((await evaluate(overrides, details, { rule })).properties), all, rule);
});

test('Ordered Product has the link only', async () => {
  const { properties } = await evaluate({}, details, { rule: 'ordered-product' });
  assert.deepEqual(detailsIn(properties), { OrderStatusUrl: all.OrderStatusUrl });
});

test('by default, and without klaviyoNames, there are none, and nothing is looked up for them', async () => {
  for (const set of [{}, { order: { properties: { details: true, klaviyoNames: false } } }])
    assert.deepEqual(detailsIn((await evaluate({}, set, { known: {} })).properties), {});
});

test('each is left out with the field that it comes from', async () => {
  const exclude = ['shippingInfo', 'taxedPrice', 'lineItems', 'paymentInfo', 'store', 'locale', 'customerGroup'];
  const set = { order: { properties: { details: true, exclude: [...exclude, 'OrderStatusUrl'] } } };
  assert.deepEqual(detailsIn((await evaluate({}, set)).properties), {});
});

test('a shop without stores, taxes, shipping and readable payments has what is left', async () => {
  const bare = { ...{ shippingInfo: undefined, taxedPrice: undefined, store: undefined }, customerGroup: undefined };
  const { properties, warnings } = await evaluate(bare, details, { known: {} });
  assert.deepEqual([detailsIn(properties), warnings], [{ Subtotal: 122.8, ItemCount: 2, Locale: 'de-DE' }, []]);
});

test('without view_stores the key is sent, without a link and with one warning', async () => {
  const { properties, warnings } = await evaluate({}, details, { known: { ...shop, stores: 'forbidden' } });
  assert.deepEqual([properties.Store, properties.OrderStatusUrl], ['berlin', undefined]);
  assert.deepEqual(warnings, ['store-names-unreadable']);
});

test('order.url comes before the template of the store, and needs no details', async () => {
  const url = 'https://shop.example/{{language}}/orders/{{orderNumber}}';
  const { properties } = await evaluate({}, { order: { url } });
  assert.deepEqual(detailsIn(properties), { OrderStatusUrl: 'https://shop.example/de/orders/2026-0042' });
  const withoutNumber = await evaluate({ orderNumber: undefined }, { order: { url } });
  assert.equal(withoutNumber.properties.OrderStatusUrl, undefined);
});

test('a template is filled with encoded values', () => {
  const values = { orderId: 'a', orderNumber: 'N 1/2$&', locale: 'zh-Hant-TW' };
  assert.equal(
    orderUrl('https://x/{{locale}}/{{orderNumber}}?o={{orderId}}', values),
    'https://x/zh-Hant-TW/N%201%2F2%24%26?o=a',
  );
});

test("a store's template is one of RFC 6570", () => {
  const expanded: Record<string, string | undefined> = {
    'https://x/o/{orderId}': 'https://x/o/a%2F1',
    'https://x/o{/orderId}{?lang}': 'https://x/o/a%2F1',
    'https://x/o{?orderId}': 'https://x/o?orderId=a%2F1',
    'https://x/o?a=b{&orderId}': 'https://x/o?a=b&orderId=a%2F1',
    'https://x/o{#orderId}': 'https://x/o#a%2F1',
    'https://x/o': undefined,
  };
  for (const [template, url] of Object.entries(expanded)) assert.equal(orderUrlOfStore(template, 'a/1'), url, template);
});
