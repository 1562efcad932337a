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

test('1234 cents are 12.34, without the noise of a division', () => {
  assert.equal(cents(1234, 'EUR', 2), 12.34);
  assert.equal(String(cents(110, 'EUR', 2)), '1.1');
  assert.equal(String(cents(2_999_999_999_999, 'EUR', 2)), '29999999999.99');
});

test('yen have no minor unit and dinars have three digits', () => {
  assert.equal(cents(1234, 'JPY', 0), 1234);
  assert.equal(cents(1234, 'KWD', 3), 1.234);
});

test('a money that does not name its digits has those of its currency', () => {
  assert.equal(cents(1234, 'JPY'), 1234);
  assert.equal(cents(1234, 'KWD'), 1.234);
  assert.equal(cents(1234, 'EUR'), 12.34);
});

test('of a precise amount every digit arrives', () => {
  const precise = {
    type: 'highPrecision',
    currencyCode: 'EUR',
    centAmount: 12,
    preciseAmount: 12345,
    fractionDigits: 5,
  };
  assert.equal(majorUnits(precise), 0.12345);
});

test('a precise money without its precise amount falls back on its cents, not on the precise digits', () => {
  assert.equal(majorUnits({ type: 'highPrecision', currencyCode: 'EUR', centAmount: 12, fractionDigits: 5 }), 0.12);
});

test('nothing costs 0, and a refund written as a negative amount stays one', () => {
  assert.equal(cents(0, 'EUR', 2), 0);
  assert.ok(Object.is(cents(-0, 'EUR', 2), 0));
  assert.equal(cents(-1234, 'EUR', 2), -12.34);
});
