import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommercetoolsError } from '../errors.ts';
import { cachedLookup } from './cached.ts';

test('a record is read once, also by concurrent callers; one that does not exist too', async () => {
  const asked: string[] = [];
  const lookup = cachedLookup(async (key) => {
    asked.push(key);
    return key === 'gone' ? undefined : { key };
  });
  const found = await Promise.all(['a', 'a', 'gone', 'b'].map(lookup));
  assert.deepEqual(found, [{ key: 'a' }, { key: 'a' }, undefined, { key: 'b' }]);
  assert.deepEqual(await Promise.all(['b', 'gone'].map(lookup)), [{ key: 'b' }, undefined]);
  assert.deepEqual(asked, ['a', 'gone', 'b']);
});

test('a missing scope is an answer; another error is passed on, and the next caller reads again', async () => {
  const failures = ['unavailable', 'forbidden'] as const;
  let calls = 0;
  const lookup = cachedLookup(async () => {
    const type = failures[calls] ?? 'rejected';
    calls += 1;
    throw new CommercetoolsError(type, type);
  });
  await assert.rejects(lookup('a'), { type: 'unavailable' });
  assert.deepEqual([await lookup('a'), await lookup('a'), calls], ['forbidden', 'forbidden', 2]);
});
