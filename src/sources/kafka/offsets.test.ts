/** Tests which offsets can be committed while messages finish in any order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createOffsets } from './offsets.ts';

const at = (offset: number, partition = 0) => ({ topic: 't', partition, offset: BigInt(offset) });

test('nothing is committed before the first message is finished, then everything up to the first unfinished one', () => {
  const offsets = createOffsets();
  for (const offset of [7, 8, 9, 12]) offsets.start(at(offset));
  assert.deepEqual(offsets.takeCommittable(), []);
  offsets.finish(at(8));
  assert.deepEqual(offsets.takeCommittable(), []);
  offsets.finish(at(7));
  assert.deepEqual(offsets.takeCommittable(), [at(9)]);
  assert.deepEqual(offsets.takeCommittable(), []);
  offsets.finish(at(12));
  offsets.finish(at(9));
  assert.deepEqual(offsets.takeCommittable(), [at(13)]);
});

test('partitions are independent of each other', () => {
  const offsets = createOffsets();
  offsets.start(at(1, 0));
  offsets.start(at(5, 1));
  offsets.finish(at(5, 1));
  assert.deepEqual(offsets.takeCommittable(), [at(6, 1)]);
});

test('no unfinished message is ever before the committed offset, in any order of completion', () => {
  const orders = fc.uniqueArray(fc.nat({ max: 30 }), { minLength: 1 });
  fc.assert(
    fc.property(orders, (order) => {
      const offsets = createOffsets();
      const unfinished = new Set(order);
      for (const offset of order.toSorted((left, right) => left - right)) offsets.start(at(offset));
      for (const offset of order) {
        offsets.finish(at(offset));
        unfinished.delete(offset);
        for (const committable of offsets.takeCommittable())
          assert.ok([...unfinished].every((left) => BigInt(left) >= committable.offset));
      }
      assert.deepEqual(offsets.takeCommittable(), []);
    }),
  );
});
