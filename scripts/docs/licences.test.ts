import assert from 'node:assert/strict';
import { test } from 'node:test';
import { licences } from './licences.ts';

/** They let anybody use, change and pass on the code, without conditions on ours. */
const permissive = /^\(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0)( OR .*)?\)?$/;

test('everything that production installs has a permissive licence', () => {
  const all = licences();
  assert.ok(all.size > 1);
  for (const [licence, names] of all) assert.match(licence, permissive, names.join(', '));
});
