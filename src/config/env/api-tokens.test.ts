/** Tests the names of API tokens: what is a name, and what is part of the token. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiTokensSchema } from './api-tokens.ts';

const schema = apiTokensSchema('API_TOKEN');
const token = '9f86d081884c7d659a2feaa0c55ad015';

test('a token may have a name; others are named by the variable and their position', () => {
  assert.deepEqual(schema.parse(`ops:${token}, ${token}0 ci-2:${token}1`), [
    { name: 'ops', token },
    { name: 'API_TOKEN-2', token: `${token}0` },
    { name: 'ci-2', token: `${token}1` },
  ]);
  assert.deepEqual(schema.parse(token), [{ name: 'API_TOKEN', token }]);
});

test('a colon after anything but a name is part of the token', () => {
  for (const whole of [`Ops:${token}`, `o_ps:${token}`, `${'a'.repeat(33)}:${token}`, `:${token}`, `a.b:${token}`])
    assert.deepEqual(schema.parse(whole), [{ name: 'API_TOKEN', token: whole }]);
  assert.deepEqual(schema.parse(`ops:${token}:x`), [{ name: 'ops', token: `${token}:x` }]);
});

test('what follows the name has to be hard to guess, and a name is of one token', () => {
  assert.equal(schema.safeParse('a-long-name-of-a-team:short').success, false);
  assert.equal(schema.safeParse('ops:aaaaaaaaaaaaaaaaaaaaaaaa').success, false);
  assert.match(schema.safeParse(`ops:${token},ops:${token}1`).error?.message ?? '', /two tokens of one name/);
});
