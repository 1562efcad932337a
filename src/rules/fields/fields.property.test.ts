/** Fields never throw, whatever they are given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { hostileAddress, hostilePayment, hostileText, localized } from '../../../test/fixtures/hostile.ts';
import { customer } from '../../../test/fixtures/index.ts';
import { customerSchema, paymentSchema } from '../../commercetools/schemas.ts';
import { klaviyoAddress, locationOf } from './address.ts';
import { profileLocale } from './locale.ts';
import { majorUnits } from './money.ts';
import { phoneOf } from './phone.ts';
import { cutText, localizedText } from './text.ts';
import { firstTime } from './time.ts';

const addressOf = (record: unknown) => customerSchema.parse(customer({ addresses: [record] })).addresses[0];

test('a cut text is a prefix of whole characters that fits', () => {
  fc.assert(
    fc.property(hostileText, fc.integer({ min: 1, max: 100 }), (text, most) => {
      const cut = cutText(text, most);
      assert.ok(text.toWellFormed().startsWith(cut));
      assert.ok(Buffer.byteLength(cut) <= most);
      assert.ok(cut.isWellFormed());
    }),
  );
});

test('a localized text is one of its texts or undefined', () => {
  fc.assert(
    fc.property(localized, hostileText, (texts, preferred) => {
      const shown = localizedText(texts, preferred);
      assert.ok(shown === undefined || Object.values(texts).includes(shown));
    }),
  );
});

test('any amount is a finite number', () => {
  fc.assert(
    fc.property(hostilePayment, (record) => {
      for (const { amount } of paymentSchema.parse(record).transactions) assert.ok(Number.isFinite(majorUnits(amount)));
    }),
  );
});

test('amounts keep their digits', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 4 }), (centAmount, fractionDigits) => {
      const value = majorUnits({ currencyCode: 'EUR', centAmount, fractionDigits });
      assert.ok(
        Math.abs(centAmount) > 2 ** 50 || value.toFixed(fractionDigits) === asDecimal(centAmount, fractionDigits),
      );
    }),
  );
});

/** The same amount, written by moving the point in its digits. */
function asDecimal(amount: number, digits: number): string {
  const text = String(Math.abs(amount)).padStart(digits + 1, '0');
  const sign = amount < 0 ? '-' : '';
  return digits === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

test('addresses, phones, locales and times never throw', () => {
  const at = new Date('2026-03-16T12:00:00Z');
  fc.assert(
    fc.property(hostileAddress, hostileText, (record, text) => {
      const address = addressOf(record);
      if (address) {
        for (const value of Object.values(locationOf(address))) assert.ok(Buffer.byteLength(value) <= 4_000);
        for (const value of Object.values(klaviyoAddress(address))) assert.equal(typeof value, 'string');
      }
      const phone = phoneOf(address);
      assert.ok(phone.type !== 'number' || /^\+[1-9]\d{4,14}$/.test(phone.e164));
      profileLocale(text);
      firstTime([text], at);
    }),
  );
});
