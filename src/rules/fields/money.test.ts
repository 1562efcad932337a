import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majorUnits } from './money.ts';

const cents = (centAmount: number, currencyCode: string, fractionDigits?: number) =>
  majorUnits({
    type: 'centPrecision',
    centAmount,
    currencyCode,
    ...(fractionDigits === undefined ? {} : { fractionDigits }),
  });

test('1234 cents are 12.34, without rounding errors', () => {
  assert.equal(cents(1234, 'EUR', 2), 12.34);
  assert.equal(String(cents(110, 'EUR', 2)), '1.1');
  assert.equal(String(cents(2_999_999_999_999, 'EUR', 2)), '29999999999.99');
});

test('yen have no minor unit and dinars have three digits', () => {
  assert.equal(cents(1234, 'JPY', 0), 1234);
  assert.equal(cents(1234, 'KWD', 3), 1.234);
});

test('money without fraction digits uses those of its currency', () => {
  assert.equal(cents(1234, 'JPY'), 1234);
  assert.equal(cents(1234, 'KWD'), 1.234);
  assert.equal(cents(1234, 'EUR'), 12.34);
});

test('a precise amount keeps every digit', () => {
  const precise = {
    type: 'highPrecision',
    currencyCode: 'EUR',
    centAmount: 12,
    preciseAmount: 12345,
    fractionDigits: 5,
  };
  assert.equal(majorUnits(precise), 0.12345);
});

test('high precision money without a precise amount uses its cents with the digits of the currency', () => {
  assert.equal(majorUnits({ type: 'highPrecision', currencyCode: 'EUR', centAmount: 12, fractionDigits: 5 }), 0.12);
});

test('zero is 0, and a negative amount stays negative', () => {
  assert.equal(cents(0, 'EUR', 2), 0);
  assert.ok(Object.is(cents(-0, 'EUR', 2), 0));
  assert.equal(cents(-1234, 'EUR', 2), -12.34);
});
