import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phoneOf } from './phone.ts';

test("a local number becomes E.164 with the address' country", () => {
  assert.deepEqual(phoneOf({ country: 'DE', mobile: '0151 23456789' }), { found: 'number', e164: '+4915123456789' });
  assert.deepEqual(phoneOf({ country: 'us', phone: '(415) 555-2671' }), { found: 'number', e164: '+14155552671' });
});

test('a mobile number comes before a phone', () => {
  const both = phoneOf({ country: 'DE', mobile: '0151 23456789', phone: '030 1234567' });
  assert.deepEqual(both, { found: 'number', e164: '+4915123456789' });
});

test('an international number needs no country', () => {
  assert.deepEqual(phoneOf({ phone: '+44 20 7946 0958' }), { found: 'number', e164: '+442079460958' });
  assert.deepEqual(phoneOf({ country: 'Germany', phone: '+49 30 1234567' }), { found: 'number', e164: '+49301234567' });
});

test('what is no number is said to be none, also a right length in a range that nobody has', () => {
  assert.deepEqual(phoneOf({ country: 'DE', phone: 'call me' }), { found: 'invalid' });
  assert.deepEqual(phoneOf({ country: 'US', phone: '(155) 555-2671' }), { found: 'invalid' });
  assert.deepEqual(phoneOf({ phone: '030 1234567' }), { found: 'invalid' });
});

test('no phone is no mistake', () => {
  assert.deepEqual(phoneOf({ country: 'DE', phone: ' ' }), { found: 'none' });
  assert.deepEqual(phoneOf(undefined), { found: 'none' });
});
