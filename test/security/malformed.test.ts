/** Requests that no client sends: each gets a 4xx, and none an error in the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { call } from '../http/call.ts';
import { startTestEnv } from '../test-env.ts';
import { openRaw } from './raw-connection.ts';

const json = 'host: x\r\ncontent-type: application/json\r\n';
const logLine = z.object({ level: z.int() });
const chunked = `${json}transfer-encoding: chunked\r\n\r\n`;
const malformed: Record<string, string> = {
  'another transfer encoding': `POST / HTTP/1.1\r\n${json}transfer-encoding: xchunked\r\n\r\n{}`,
  'gzip, chunked': `POST / HTTP/1.1\r\n${json}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'chunked, identity': `POST / HTTP/1.1\r\n${json}transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  identity: `POST / HTTP/1.1\r\n${json}transfer-encoding: identity\r\n\r\n{}`,
  gzip: `POST / HTTP/1.1\r\n${json}transfer-encoding: gzip\r\n\r\n{}`,
  'an empty transfer encoding': `POST / HTTP/1.1\r\n${json}transfer-encoding:\r\n\r\n{}`,
  'chunked twice': `POST / HTTP/1.1\r\n${json}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'length and chunks': `POST / HTTP/1.1\r\n${json}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'no chunk size': `POST / HTTP/1.1\r\n${chunked}zz\r\n{}\r\n0\r\n\r\n`,
  'no chunk size of a route with a guard': `POST /sync/orders HTTP/1.1\r\n${chunked}2\r\n{}\r\nzz\r\n`,
  'no chunk size of the login': `POST /dashboard/session HTTP/1.1\r\n${chunked}2\r\n{}\r\nzz\r\n`,
  'a chunk longer than its size': `POST / HTTP/1.1\r\n${chunked}2\r\n{}{}{}\r\n0\r\n\r\n`,
  'a chunk size without end': `POST / HTTP/1.1\r\n${chunked}fffffffffffffffffff\r\n{}`,
  'two lengths': `POST / HTTP/1.1\r\n${json}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
  'a negative length': `POST / HTTP/1.1\r\n${json}content-length: -2\r\n\r\n{}`,
  'no HTTP': 'hello\r\n\r\n',
  TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'a header without a name': 'GET / HTTP/1.1\r\n: x\r\n\r\n',
  'a header with a NUL': 'GET / HTTP/1.1\r\nhost: x\r\nx-a: \0\r\n\r\n',
  'a bare line feed in a header': 'GET / HTTP/1.1\r\nhost: x\r\nx-a: b\rc\r\n\r\n',
  'no host': 'GET / HTTP/1.1\r\n\r\n',
  'another version': 'GET / HTTP/9.9\r\nhost: x\r\n\r\n',
  'too many headers': `GET / HTTP/1.1\r\nhost: x\r\nx-a: ${'x'.repeat(70_000)}\r\n\r\n`,
};

// From another machine and from this one, which are answered at different moments.
for (const host of ['x', '127.0.0.1'])
  test(`a request to ${host} that is no HTTP gets a 4xx and no error in the log`, async () => {
    await using testEnv = await startTestEnv();
    for (const [name, text] of Object.entries(malformed)) {
      testEnv.logged.splice(0);
      const connection = await openRaw(testEnv.service, text.replace('host: x', `host: ${host}`));
      const status = await connection.status();
      // What the request leads to has happened.
      await call(testEnv.service, { path: '/health' });
      connection.socket.destroy();
      assert.ok(status >= 400 && status < 500, `${name}: ${status}`);
      const errors = testEnv.logged.filter((line) => logLine.parse(JSON.parse(line)).level >= 50);
      assert.deepEqual(errors, [], name);
    }
  });
