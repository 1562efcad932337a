/** Tests which ports are opened and what each serves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Env, environment } from '../../test/fixtures/environment.ts';
import { readConfig } from './config.ts';

/** Formats ports like `8080 everything`, with `?` for an optional one. */
function ports(env: Env): string[] {
  return readConfig(environment(env)).ports.map(
    ({ port, serves, optional }) => `${port} ${serves}${optional ? '?' : ''}`,
  );
}

test("without any port 8080 serves everything and 6779 bulk, as the plugin's does", () => {
  assert.deepEqual(ports({}), ['8080 everything', '6779 bulk?']);
});

test('a process that does no bulk has no bulk port', () => {
  assert.deepEqual(ports({ APP_TYPE: 'EVENT' }), ['8080 everything']);
});

test('PORT alone is the only port', () => {
  assert.deepEqual(ports({ PORT: '3000' }), ['3000 everything']);
});

test("the plugin's ports serve their own routes beside PORT", () => {
  assert.deepEqual(ports({ PORT: '3000', PUB_SUB_PORT: '6780', BULK_IMPORT_PORT: '6779' }), [
    '3000 everything',
    '6780 realtime',
    '6779 bulk',
  ]);
});

test("8080 is optional for two processes that only set the plugin's ports", () => {
  assert.deepEqual(ports({ PUB_SUB_PORT: '6780' }), ['8080 everything?', '6780 realtime']);
  assert.deepEqual(ports({ BULK_IMPORT_PORT: '6779' }), ['8080 everything?', '6779 bulk']);
});

test('one number in two variables is one port that serves everything', () => {
  assert.deepEqual(ports({ PUB_SUB_PORT: '8080' }), ['8080 everything']);
  assert.deepEqual(ports({ PORT: '3000', PUB_SUB_PORT: '4000', BULK_IMPORT_PORT: '4000' }), [
    '3000 everything',
    '4000 everything',
  ]);
});

test('0 is any free port, and may be set several times', () => {
  assert.deepEqual(ports({ PORT: '0', PUB_SUB_PORT: '0' }), ['0 everything', '0 realtime']);
});
