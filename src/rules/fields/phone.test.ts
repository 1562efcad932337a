import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phoneOf } from './phone.ts';

test("a local number becomes E.164 with the address' country", () => {
  assert.deepEqual(phoneOf({ country: 'DE', mobile: '0151 23456789' }), { type: 'number', e164: '+4915123456789' });
  assert.deepEqual(phoneOf({ country: 'us', phone: '(415) 555-2671' }), { type: 'number', e164: '+14155552671' });
});

test('the mobile number is preferred over the phone', () => {
  const both = phoneOf({ country: 'DE', mobile: '0151 23456789', phone: '030 1234567' });
  assert.deepEqual(both, { type: 'number', e164: '+4915123456789' });
});

test('an international number needs no country', () => {
  assert.deepEqual(phoneOf({ phone: '+44 20 7946 0958' }), { type: 'number', e164: '+442079460958' });
  assert.deepEqual(phoneOf({ country: 'Germany', phone: '+49 30 1234567' }), { type: 'number', e164: '+49301234567' });
});

test('an invalid number is reported, including one of a valid length in an unassigned range', () => {
  assert.deepEqual(phoneOf({ country: 'DE', phone: 'call me' }), { type: 'invalid' });
  assert.deepEqual(phoneOf({ country: 'US', phone: '(155) 555-2671' }), { type: 'invalid' });
  assert.deepEqual(phoneOf({ phone: '030 1234567' }), { type: 'invalid' });
});

test('a missing phone is not invalid', () => {
  assert.deepEqual(phoneOf({ country: 'DE', phone: ' ' }), { type: 'none' });
  assert.deepEqual(phoneOf(undefined), { type: 'none' });
});
