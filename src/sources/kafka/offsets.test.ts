/** What may be committed while work finishes in any order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createOffsets } from './offsets.ts';

const at = (offset: number, partition = 0) => ({ topic: 't', partition, offset: BigInt(offset) });

test('nothing is committed before the first is finished, and then up to the first that is not', () => {
  const offsets = createOffsets();
  for (const offset of [7, 8, 9, 12]) offsets.began(at(offset));
  assert.deepEqual(offsets.takeMoved(), []);
  offsets.finished(at(8));
  assert.deepEqual(offsets.takeMoved(), []);
  offsets.finished(at(7));
  assert.deepEqual(offsets.takeMoved(), [at(9)]);
  assert.deepEqual(offsets.takeMoved(), []);
  offsets.finished(at(12));
  offsets.finished(at(9));
  assert.deepEqual(offsets.takeMoved(), [at(13)]);
});

test('partitions move by themselves', () => {
  const offsets = createOffsets();
  offsets.began(at(1, 0));
  offsets.began(at(5, 1));
  offsets.finished(at(5, 1));
  assert.deepEqual(offsets.takeMoved(), [at(6, 1)]);
});

test('in whatever order work finishes, nothing unfinished is ever behind what is committed', () => {
  const orders = fc.uniqueArray(fc.nat({ max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(orders, (order) => {
      const offsets = createOffsets();
      const unfinished = new Set(order);
      for (const offset of order.toSorted((left, right) => left - right)) offsets.began(at(offset));
      for (const offset of order) {
        offsets.finished(at(offset));
        unfinished.delete(offset);
        for (const moved of offsets.takeMoved())
          assert.ok([...unfinished].every((left) => BigInt(left) >= moved.offset));
      }
      assert.deepEqual(offsets.takeMoved(), []);
    }),
  );
});
