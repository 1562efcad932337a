import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { customLineItem, type Json, lineItem, money, order } from '../../../test/fixtures/index.ts';
import { orderSchema } from '../../commercetools/schemas.ts';
import type { PropertyFilter } from '../settings-fields.ts';
import { discountValue } from './discount-value.ts';

const all: PropertyFilter = { include: [], exclude: [], map: {} };
const precise = (preciseAmount: number, fractionDigits: number): Json => ({
  ...money(0),
  type: 'highPrecision',
  preciseAmount,
  fractionDigits,
});
const price = (...amounts: unknown[]): Json => ({
  value: money(1),
  includedDiscounts: amounts.map((discountedAmount) => ({ discountedAmount })),
});
const pieces = (quantity: number, ...amounts: unknown[]): Json => ({
  discountedPricePerQuantity: [{ quantity, discountedPrice: price(...amounts) }],
});
const none = { lineItems: [], customLineItems: [], discountOnTotalPrice: undefined };
const discountOf = (overrides: Json, filter = all) =>
  discountValue(orderSchema.parse(order({ ...none, ...overrides })), filter);

describe('DiscountValue', () => {
  test('adds what discounts take off lines, custom lines, total price and shipping', () => {
    const parts = {
      lineItems: [lineItem(pieces(2, money(1_000))), lineItem(pieces(3, money(10), money(5)))],
      customLineItems: [customLineItem(pieces(1, money(100)))],
      discountOnTotalPrice: { discountedAmount: money(500) },
      shippingInfo: { discountedPrice: price(money(490)) },
    };
    assert.equal(discountOf(parts), 31.35);
    const shipping = [parts.shippingInfo, parts.shippingInfo].map((shippingInfo) => ({ shippingInfo }));
    assert.equal(discountOf({ shippingMode: 'Multiple', shipping }), 9.8);
  });

  test('is absent where none applied, also if product discounts made prices lower', () => {
    assert.equal(discountOf({}), undefined);
    assert.equal(discountOf({ lineItems: [lineItem()], shippingInfo: { discountedPrice: price() } }), undefined);
  });

  test('leaves gifts out', () => {
    const gift = lineItem({ lineItemMode: 'GiftLineItem', ...pieces(1, money(2_990)) });
    assert.equal(discountOf({ lineItems: [gift] }), undefined);
    assert.equal(discountOf({ lineItems: [gift, lineItem(pieces(1, money(100)))] }), 1);
  });

  test('has only those parts whose field passes the filter', () => {
    const parts = {
      lineItems: [lineItem(pieces(1, money(1)))],
      customLineItems: [customLineItem(pieces(1, money(10)))],
      discountOnTotalPrice: { discountedAmount: money(100) },
      shippingInfo: { discountedPrice: price(money(1_000)) },
      shipping: [{ shippingInfo: { discountedPrice: price(money(10_000)) } }],
    };
    const of = { lineItems: 1, customLineItems: 10, discountOnTotalPrice: 100, shippingInfo: 1_000, shipping: 10_000 };
    for (const [name, cents] of Object.entries(of)) {
      assert.equal(discountOf(parts, { ...all, include: [name] }), cents / 100, name);
      assert.equal(discountOf(parts, { ...all, exclude: [name] }), (11_111 - cents) / 100, name);
    }
    assert.equal(discountOf(parts, { ...all, include: ['orderNumber'] }), undefined);
  });

  test('skips malformed parts', () => {
    const lineItems = [
      lineItem({ discountedPricePerQuantity: 'odd' }),
      lineItem({ discountedPricePerQuantity: [null, { quantity: 'two', discountedPrice: price(money(7)) }] }),
      lineItem(pieces(2, 'odd', money(100))),
      lineItem(pieces(1, money(100, 'USD'))),
      lineItem(pieces(0.5, money(100))),
    ];
    assert.equal(discountOf({ lineItems }), 2);
  });

  test('adds precise amounts exactly and rounds once', () => {
    assert.equal(discountOf({ lineItems: [lineItem(pieces(3, precise(3_333, 4)))] }), 1);
    const thirds = [1, 2, 3].map(() => lineItem(pieces(1, precise(4, 3))));
    assert.equal(discountOf({ lineItems: thirds }), 0.01);
    assert.equal(discountOf({ lineItems: [lineItem(pieces(1, precise(5, 3)))] }), 0.01);
    assert.equal(discountOf({ lineItems: [lineItem(pieces(1, precise(0, 3)))] }), 0);
    const yen = { totalPrice: money(100, 'JPY', 0), lineItems: [lineItem(pieces(3, money(10, 'JPY', 0)))] };
    assert.equal(discountOf(yen), 30);
  });
});

test('the value is the rounded sum of all its parts, whatever their precision', () => {
  const addend = fc.record({
    quantity: fc.integer({ min: 1, max: 1_000 }),
    amount: fc.integer({ min: 0, max: 10_000_000 }),
    digits: fc.integer({ min: 2, max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(addend, { minLength: 1, maxLength: 20 }), (addends) => {
      const lineItems = addends.map(({ quantity, amount, digits }) =>
        lineItem(pieces(quantity, digits === 2 ? money(amount) : precise(amount, digits))),
      );
      const atoms = addends.reduce(
        (sum, { quantity, amount, digits }) => sum + BigInt(quantity * amount) * 10n ** BigInt(12 - digits),
        0n,
      );
      const cents = (atoms + 5n * 10n ** 9n) / 10n ** 10n;
      assert.equal(discountOf({ lineItems }), Number(`${cents}e-2`));
    }),
  );
});
