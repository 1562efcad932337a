/** Tests the counts of a run: reasons with their first ids, sums, and what a run that ended leaves open. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addCounts, closeCounts, countMissing, countReason, countsSchema, emptyCounts } from './run-counts.ts';

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `id-${from + index}`);

describe('reasons', () => {
  test('a reason keeps the ids of its first 20 records and the number of all', () => {
    const counts = emptyCounts();
    countReason(counts, 'a guest', ids(15));
    countReason(counts, 'a guest', ids(15, 15));
    assert.equal(counts.reasons['a guest'], 30);
    assert.deepEqual(counts.firstIds['a guest'], ids(20));
  });

  test('a record that is counted twice for a reason is named once', () => {
    const counts = emptyCounts();
    countReason(counts, 'a guest', ['id-1']);
    countReason(counts, 'a guest', ['id-1', 'id-2']);
    assert.deepEqual([counts.reasons['a guest'], counts.firstIds['a guest']], [3, ['id-1', 'id-2']]);
  });

  test('reasons beyond the first 100 are counted together', () => {
    const counts = emptyCounts();
    for (let index = 0; index < 150; index += 1) countReason(counts, `reason ${index}`, [`id-${index}`]);
    countReason(counts, 'reason 7', ['id-200']);
    assert.equal(Object.keys(counts.reasons).length, 101);
    assert.deepEqual([counts.reasons['other reasons'], counts.reasons['reason 7']], [50, 2]);
    assert.equal(counts.firstIds['other reasons']?.length, 20);
  });

  test('a name that every object has can be a reason', () => {
    const counts = emptyCounts();
    for (const reason of ['constructor', 'toString', 'hasOwnProperty']) {
      countReason(counts, reason, ['id-1']);
      assert.equal(Object.entries(counts.reasons).find(([name]) => name === reason)?.[1], 1);
    }
    const sum = emptyCounts();
    addCounts(sum, { ...counts, firstIds: {} });
    assert.deepEqual(sum.reasons, counts.reasons);
  });

  test('a reason that no object can hold is counted among the others', () => {
    const counts = emptyCounts();
    countReason(counts, '__proto__', ['id-1']);
    assert.deepEqual([counts.reasons, counts.firstIds], [{ 'other reasons': 1 }, { 'other reasons': ['id-1'] }]);
  });
});

test('ids that are not there are skipped, with a reason', () => {
  const counts = emptyCounts();
  countMissing(counts, []);
  assert.deepEqual(counts, emptyCounts());
  countMissing(counts, ['id-1', 'id-2']);
  assert.deepEqual([counts.skipped, counts.reasons], [2, { 'no record with this id': 2 }]);
});

test('counts are added field by field', () => {
  const all = { read: 1, delivered: 2, skipped: 3, rejected: 4, changes: 5, caughtUp: 6 };
  const one = { ...all, reasons: { 'a guest': 3 }, firstIds: { 'a guest': ['id-1'] } };
  const sum = emptyCounts();
  addCounts(sum, one);
  addCounts(sum, one);
  assert.deepEqual(sum, {
    ...{ read: 2, delivered: 4, skipped: 6, rejected: 8, changes: 10, caughtUp: 12 },
    ...{ reasons: { 'a guest': 6 }, firstIds: { 'a guest': ['id-1'] } },
  });
});

test('a run that ended has read what it has settled', () => {
  const counts = { ...emptyCounts(), read: 100, delivered: 5, skipped: 3, rejected: 2 };
  closeCounts(counts);
  assert.equal(counts.read, 10);
});

test('counts of an older version are read without what it did not count', () => {
  const { caughtUp: _caughtUp, firstIds: _firstIds, ...older } = emptyCounts();
  assert.deepEqual(countsSchema.parse(older), emptyCounts());
});
