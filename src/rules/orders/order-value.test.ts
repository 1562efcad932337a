/** Tests the values of an order's events: four kinds of orders and the settings `order.value` and `order.lineValue`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  customLineItem,
  evaluateRecords,
  type Json,
  lineItem,
  lookupsIn,
  mappedOutput,
  money,
  order,
  run,
  settings,
} from '../../../test/fixtures/index.ts';
import type { RuleSettings } from '../settings.ts';

const taxed = (net: number, gross: number) => ({
  totalNet: money(net),
  totalGross: money(gross),
  totalTax: money(gross - net),
});
const plain: Json = { discountOnTotalPrice: undefined, customLineItems: [], paymentInfo: undefined };
const line = (cents: number) => lineItem({ id: `line-${cents}`, totalPrice: money(cents) });

/** Amounts in cents as commercetools computes them: prices without tax, with tax, both, and shipping with a discount. */
const orders: Record<string, Json> = {
  net: {
    lineItems: [line(10_000)],
    shippingInfo: { price: money(500) },
    totalPrice: money(10_500),
    taxedPrice: taxed(10_500, 12_495),
  },
  gross: {
    lineItems: [line(11_900)],
    shippingInfo: { price: money(595) },
    totalPrice: money(12_495),
    taxedPrice: taxed(10_500, 12_495),
  },
  mixed: {
    lineItems: [line(11_900), line(1_001)],
    customLineItems: [customLineItem({ totalPrice: money(299) })],
    discountOnTotalPrice: { discountedAmount: money(333) },
    totalPrice: money(12_867),
    taxedPrice: taxed(10_967, 13_057),
  },
  'shipping discount': {
    shippingMode: 'Multiple',
    lineItems: [line(2_999)],
    shipping: [
      { shippingInfo: { price: money(499), discountedPrice: { value: money(249), includedDiscounts: [] } } },
      { shippingInfo: { price: money(101) } },
    ],
    totalPrice: money(3_349),
    taxedPrice: taxed(2_814, 3_349),
  },
};

async function valuesOf(overrides: Json, set: Json, rule = 'placed-order'): Promise<number[]> {
  const options = { rule, lookups: lookupsIn({}), settings: settings(set), cause: run };
  const { changes } = mappedOutput(await evaluateRecords([order({ ...plain, ...overrides })], options));
  return changes.map((change) => (change.type === 'event' && change.value !== undefined ? change.value : Number.NaN));
}

const expected: Record<string, Record<RuleSettings['order']['value'], number>> = {
  net: { total: 105, gross: 124.95, net: 105, klaviyo: 105 },
  gross: { total: 124.95, gross: 124.95, net: 105, klaviyo: 124.95 },
  mixed: { total: 128.67, gross: 130.57, net: 109.67, klaviyo: 128.67 },
  'shipping discount': { total: 33.49, gross: 33.49, net: 28.14, klaviyo: 33.49 },
};

for (const [name, values] of Object.entries(expected))
  for (const [value, amount] of Object.entries(values))
    test(`the value of an order (${name}) with order.value: ${value} is exact`, async () => {
      assert.deepEqual(await valuesOf(orders[name] ?? {}, { order: { value } }), [amount]);
      const fulfilled = { ...orders[name], orderState: 'Complete' };
      assert.deepEqual(await valuesOf(fulfilled, { order: { value } }, 'fulfilled-order'), [amount]);
    });

test('klaviyo adds parts: what commercetools changed in the total only does not count', async () => {
  assert.deepEqual(await valuesOf({ ...orders.net, totalPrice: money(9_999) }, { order: { value: 'klaviyo' } }), [105]);
});

test('without the fields that a setting needs the total price is the value', async () => {
  const bare = { lineItems: [], shippingInfo: undefined, taxedPrice: undefined, totalPrice: money(777) };
  for (const value of ['gross', 'net', 'klaviyo']) assert.deepEqual(await valuesOf(bare, { order: { value } }), [7.77]);
});

test('a line has its price after cart discounts, or before them with order.lineValue: list', async () => {
  const lineItems = [lineItem({ quantity: 3, totalPrice: money(10_001) })];
  const lineValues = (set: Json) => valuesOf({ lineItems }, set, 'ordered-product');
  assert.deepEqual(await lineValues({}), [100.01]);
  assert.deepEqual(await lineValues({ order: { lineValue: 'list' } }), [179.7]);
});

test('values of refunds do not depend on the settings', async () => {
  const transactions = [{ id: 'r1', type: 'Refund', state: 'Success', amount: money(1_234) }];
  const paid = {
    id: 'p1',
    version: 1,
    createdAt: '2026-03-14T10:00:00.000Z',
    lastModifiedAt: '2026-03-14T10:00:00.000Z',
  };
  const paymentInfo = { payments: [{ typeId: 'payment', id: 'p1' }] };
  const lookups = lookupsIn({ payments: [{ ...paid, transactions }] });
  for (const value of ['total', 'gross', 'net', 'klaviyo']) {
    const options = { rule: 'refunded-order', lookups, settings: settings({ order: { value } }), cause: run };
    const { changes } = mappedOutput(await evaluateRecords([order({ ...orders.net, paymentInfo })], options));
    assert.deepEqual(
      changes.map((change) => change.type === 'event' && change.value),
      [12.34],
    );
  }
});
