/** Tests JSON parsing without exceptions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from './json.ts';

test('valid JSON is parsed', () => {
  assert.deepEqual(parseJson('{"a":[1,null]}'), { a: [1, null] });
  assert.equal(parseJson('null'), null);
});

test('invalid JSON is undefined', () => {
  for (const text of ['', '{', 'undefined', '<html>']) assert.equal(parseJson(text), undefined, text);
});
