/** Tests the token of a link to a cart: valid, changed, expired, of another secret, and while the secret is replaced. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cartIdOf, cartToken } from './link-token.ts';

const cartId = '00000000-0000-4000-8000-0000000000ca';
const at = (time: string) => new Date(`2026-03-16T${time}Z`);
const token = cartToken(cartId, at('12:00:00'), 'the present secret');

test('a token gives the id of its cart until it expires', () => {
  assert.deepEqual(cartIdOf(token, ['the present secret'], at('11:59:59')), { cartId });
  assert.deepEqual(cartIdOf(token, ['the present secret'], at('12:00:00')), { invalid: 'expired' });
});

test('a token is the same however often it is made', () => {
  assert.equal(cartToken(cartId, at('12:00:00'), 'the present secret'), token);
});

test('a token of another secret is refused', () => {
  assert.deepEqual(cartIdOf(token, ['another secret'], at('11:00:00')), { invalid: 'signature' });
  assert.deepEqual(cartIdOf(token, [''], at('11:00:00')), { invalid: 'signature' });
  assert.deepEqual(cartIdOf(token, [], at('11:00:00')), { invalid: 'signature' });
});

test('while the secret is replaced both are accepted', () => {
  const secrets = ['the next secret', 'the present secret'];
  assert.deepEqual(cartIdOf(token, secrets, at('11:00:00')), { cartId });
  assert.deepEqual(cartIdOf(cartToken(cartId, at('12:00:00'), 'the next secret'), secrets, at('11:00:00')), { cartId });
});

test('a token with any character changed is refused', () => {
  for (let index = 0; index < token.length; index += 1)
    for (const character of ['A', 'B', '0', '.', '_']) {
      if (token[index] === character) continue;
      const changed = token.slice(0, index) + character + token.slice(index + 1);
      assert.ok('invalid' in cartIdOf(changed, ['the present secret'], at('11:00:00')), `${index} ${character}`);
    }
});

test('what is no token is malformed', () => {
  for (const text of ['', 'v1', 'v1.a.1.b', `${token}=`, ` ${token}`, `${token}\n`, token.replace('v1', 'v2')])
    assert.deepEqual(cartIdOf(text, ['the present secret'], at('11:00:00')), { invalid: 'malformed' }, text);
});
