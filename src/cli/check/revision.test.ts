/** Tests when the end of an API revision is a warning, and when it is a problem. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRevision } from './revision.ts';

test('a revision is fine for a year, a warning in the year before its end, then a problem', () => {
  const stateAt = (day: string) => checkRevision(new Date(day), '2026-07-15').state;
  assert.deepEqual(['2026-07-15', '2027-07-14', '2027-07-15', '2028-07-14', '2028-07-15'].map(stateAt), [
    ...['ok', 'ok', 'warning', 'warning', 'problem'],
  ]);
  assert.equal(checkRevision(new Date('2027-08-01'), '2026-07-15').detail, '2026-07-15, until 2028-07-15');
});
