/** Tests that printed commands can be typed as they are printed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invocationIn, withInvocation } from './invocation.ts';

const commands = ['check', 'subscriptions'];

test('a command is printed as it is typed: in a clone, by npx, and as an installed program', () => {
  const text = 'run ctk subscriptions apply, then `ctk check --fix`; ctk --help lists all';
  const shown = (env: Record<string, string>) => withInvocation(text, invocationIn(env), commands);
  assert.equal(
    shown({ npm_command: 'run-script' }),
    'run npm run ctk -- subscriptions apply, then `npm run ctk -- check --fix`; npm run ctk -- --help lists all',
  );
  assert.equal(
    shown({ npm_command: 'exec' }),
    'run npx ctk subscriptions apply, then `npx ctk check --fix`; npx ctk --help lists all',
  );
  assert.equal(shown({}), text);
});

test('names and prose that begin with ctk stay', () => {
  for (const text of ['ctk-default-order', 'bin/ctk check', 'ctk checks it', 'npm run ctk -- check', 'npx ctk'])
    assert.equal(withInvocation(text, 'npm run ctk --', commands), text);
});
