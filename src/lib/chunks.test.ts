import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunksOf } from './chunks.ts';

test('splits by number, in order', () => {
  assert.deepEqual(chunksOf([1, 2, 3, 4, 5], { maxItems: 2 }), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunksOf([], { maxItems: 2 }), []);
});

test('splits by length too; an item that is too long is a chunk of its own', () => {
  const limits = { maxItems: 10, maxLength: 5, lengthOf: (text: string) => text.length };
  assert.deepEqual(chunksOf(['ab', 'cde', 'f', 'too long', 'g'], limits), [['ab', 'cde'], ['f'], ['too long'], ['g']]);
});
