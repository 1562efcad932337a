/** Tests the ranges of a run and its stored checkpoint. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkpointSchema, newCheckpoint } from './checkpoint.ts';

const began = '2026-03-15T08:00:00.000Z';

describe('ranges', () => {
  test('one range has no bounds', () => {
    assert.deepEqual(newCheckpoint({ began, ranges: 1 }).ranges, [{ done: false }]);
  });

  test('several ranges split the ids evenly, without a gap and without an overlap', () => {
    for (const count of [2, 3, 4, 32]) {
      const { ranges } = newCheckpoint({ began, ranges: count });
      assert.equal(ranges.length, count);
      assert.equal(ranges[0]?.from, undefined);
      assert.equal(ranges.at(-1)?.to, undefined);
      for (const [index, range] of ranges.slice(1).entries()) assert.equal(range.from, ranges[index]?.to);
      const bounds = ranges.slice(1).map(({ from = '' }) => from);
      assert.deepEqual(bounds, bounds.toSorted());
      for (const [index, bound] of bounds.entries()) {
        const part = Number.parseInt(bound.slice(0, 8), 16) / 0x1_0000_0000;
        assert.ok(Math.abs(part - (index + 1) / count) < 0.001);
        assert.match(bound, /^[0-9a-f]{8}-0000-0000-0000-000000000000$/);
      }
    }
  });

  test('a first id makes one range from it on, whatever the number of ranges', () => {
    assert.deepEqual(newCheckpoint({ began, ranges: 4, from: 'abc' }).ranges, [{ from: 'abc', done: false }]);
  });

  test('a stored checkpoint is read as it was', () => {
    const checkpoint = newCheckpoint({ began, ranges: 4 });
    assert.deepEqual(checkpointSchema.parse(JSON.parse(JSON.stringify(checkpoint))), checkpoint);
  });
});
