import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phoneOf } from './phone.ts';

test("a local number becomes E.164 with the address' country", () => {
  assert.deepEqual(phoneOf({ country: 'DE', mobile: '0151 23456789' }), { type: 'number', e164: '+4915123456789' });
  assert.deepEqual(phoneOf({ country: 'us', phone: '(415) 555-2671' }), { type: 'number', e164: '+14155552671' });
});

test('a mobile number comes before a phone', () => {
  const both = phoneOf({ country: 'DE', mobile: '0151 23456789', phone: '030 1234567' });
  assert.deepEqual(both, { type: 'number', e164: '+4915123456789' });
});

test('an international number needs no country', () => {
  assert.deepEqual(phoneOf({ phone: '+44 20 7946 0958' }), { type: 'number', e164: '+442079460958' });
  assert.deepEqual(phoneOf({ country: 'Germany', phone: '+49 30 1234567' }), { type: 'number', e164: '+49301234567' });
});

test('what is no number is said to be none, also a right length in a range that nobody has', () => {
  assert.deepEqual(phoneOf({ country: 'DE', phone: 'call me' }), { type: 'invalid' });
  assert.deepEqual(phoneOf({ country: 'US', phone: '(155) 555-2671' }), { type: 'invalid' });
  assert.deepEqual(phoneOf({ phone: '030 1234567' }), { type: 'invalid' });
});

test('no phone is no mistake', () => {
  assert.deepEqual(phoneOf({ country: 'DE', phone: ' ' }), { type: 'none' });
  assert.deepEqual(phoneOf(undefined), { type: 'none' });
});
