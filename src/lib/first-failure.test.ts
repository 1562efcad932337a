import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportFirstFailure } from './first-failure.ts';

test('the first failure of each series is reported', async () => {
  const reported: unknown[] = [];
  const run = reportFirstFailure((thrown) => reported.push(thrown));
  await run(() => Promise.reject('first'));
  await run(() => Promise.reject('second'));
  await run(() => Promise.resolve());
  await run(() => Promise.reject('third'));
  assert.deepEqual(reported, ['first', 'third']);
});
