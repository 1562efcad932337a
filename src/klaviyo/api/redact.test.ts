/** Tests that error details lose personal data and keep the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redact } from './redact.ts';

const record = { data: { type: 'profile', attributes: { first_name: 'Anna', title: 'Anna Muster', zip: '12' } } };

test('e-mail addresses and phone numbers are replaced without a request body', () => {
  assert.equal(redact('anna@example.test is taken'), '*** is taken');
  assert.equal(redact('+49 (30) 123-4567 is invalid'), '*** is invalid');
});

test("the request's values are replaced, the longest first", () => {
  const detail = 'Anna Muster and Anna are invalid for profile';
  assert.equal(redact(detail, JSON.stringify(record)), '*** and *** are invalid for profile');
});

test('values of fewer than three characters and structural values stay', () => {
  assert.equal(redact('profile: 12 items', JSON.stringify(record)), 'profile: 12 items');
});

test('a body of more than 200,000 characters, or one that is not JSON, is not searched for values', () => {
  const large = JSON.stringify({ ...record, filler: 'x'.repeat(200_000) });
  assert.equal(redact('Anna, anna@example.test', large), 'Anna, ***');
  assert.equal(redact('Anna', '{'), 'Anna');
});
