import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textWithin } from './bounded-text.ts';

test('a text of at most the maximum is read, also with characters that are split between chunks', async () => {
  const bytes = Buffer.from('Grüße');
  assert.equal(await textWithin([bytes.subarray(0, 3), bytes.subarray(3)], bytes.length), 'Grüße');
  assert.equal(await textWithin([], 0), '');
});

test('a larger one is not read to its end', async () => {
  let read = 0;
  async function* endless() {
    for (;;) {
      read += 1;
      yield new Uint8Array(1_000);
    }
  }
  await assert.rejects(textWithin(endless(), 10_000), { name: 'TooLargeError' });
  assert.equal(read, 11);
});
