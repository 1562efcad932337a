import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { customer, order } from '../../../test/fixtures/index.ts';
import { customerSchema, orderSchema } from '../../commercetools/schemas.ts';
import { isEmail } from './email.ts';

const cleaned = (email: string) => customerSchema.parse(customer({ email })).email;

test('white space around an e-mail and invisible characters in it are removed; its spelling stays', () => {
  const surrounded = [' \t', '\u00A0', '\uFEFF', '\u200B', '\u2060', '\u00AD', '\u200E', '\r\n', '\uFE0F'];
  for (const invisible of surrounded)
    assert.equal(cleaned(`${invisible}Mia@Example.com${invisible}`), 'Mia@Example.com', JSON.stringify(invisible));
  assert.equal(cleaned('mia\u200B@example.com'), 'mia@example.com');
  assert.equal(orderSchema.parse(order({ customerEmail: ' mia@example.com' })).customerEmail, 'mia@example.com');
});

test('cleaning twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = cleaned(text) ?? '';
      assert.equal(cleaned(once), once);
    }),
  );
});

test('an e-mail has one @, no white space, and a domain with a dot', () => {
  for (const email of ['mia@example.com', "o'neill+news@shop.example.co.uk", 'größe@münchen.de'])
    assert.ok(isEmail(email));
  for (const text of [
    '',
    'mia',
    'mia@',
    '@example.com',
    'mia@example',
    'mia@.com',
    'm ia@example.com',
    'a@b@example.com',
    'mia@example..com',
  ])
    assert.ok(!isEmail(text), text);
});
