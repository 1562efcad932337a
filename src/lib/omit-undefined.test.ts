/** Tests the copy of an object without undefined properties. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { omitUndefined } from './omit-undefined.ts';

test('undefined properties are dropped; null, false and empty values stay in their order', () => {
  const copy = omitUndefined({ b: null, a: undefined, d: false, c: '', e: undefined });
  assert.deepEqual(Object.entries(copy), [
    ['b', null],
    ['d', false],
    ['c', ''],
  ]);
});

test('the type of the copy fits exact optional properties', () => {
  const size: number | undefined = [1, 2].find((value) => value > 5);
  const copy: { name: string; size?: number } = omitUndefined({ name: 'a', size });
  assert.deepEqual(copy, { name: 'a' });
});
