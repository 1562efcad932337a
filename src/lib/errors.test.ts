/** Tests that messages and codes of thrown values hold no personal data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, messageOf, toError } from './errors.ts';

test('an Error stays the same object; any other value becomes one', () => {
  const error = new TypeError('broken');
  assert.equal(toError(error), error);
  assert.equal(toError('broken').message, 'broken');
});

test('the message of an Error is shown; a value of any other type is not', () => {
  assert.equal(messageOf(new Error('broken')), 'broken');
  assert.equal(messageOf('anna@example.test'), 'unknown error');
});

test("the code of an Error is its code, else its name; a DOMException's numeric code does not count", () => {
  assert.equal(codeOf(Object.assign(new Error('broken'), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  assert.equal(codeOf(new TypeError('broken')), 'TypeError');
  assert.equal(codeOf(new DOMException('late', 'TimeoutError')), 'TimeoutError');
  assert.equal(codeOf('anna@example.test'), 'unknown error');
});
