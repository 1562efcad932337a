/** A log that can't be written: a full disk, a reader that is gone, a reader that has stopped. The service goes on, and ends when asked. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { changeDelivery, reference } from '../fixtures/index.ts';
import { freePort } from '../free-port.ts';
import { call, post } from '../http/call.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const harmless = changeDelivery('ResourceCreated', reference('subscription', 's'));
let testEnv: TestEnv;
before(async () => {
  testEnv = await startTestEnv();
});
after(() => testEnv.stop());

interface Started {
  child: ChildProcess;
  port: number;
  service: string;
}

/** @param out where standard output leads to */
async function start(out: number | 'pipe'): Promise<Started> {
  const port = await freePort();
  const child = spawn(process.execPath, [main, 'serve'], {
    env: { PATH: process.env.PATH, ...testEnv.env, LOG_LEVEL: 'trace', PORT: String(port) },
    stdio: ['ignore', out, 'inherit'],
  });
  const service = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${service}/health`).catch(() => undefined))?.ok) {
    assert.equal(child.exitCode, null, 'it starts');
    await sleep(50);
  }
  return { child, port, service };
}

/** Pushes so much that the log has far more lines than a pipe holds; then asks the service to end. */
async function worksAndEnds({ child, port, service }: Started): Promise<void> {
  const exited = once(child, 'exit');
  for (let round = 0; round < 40; round += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(service, '/', harmless)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [204]);
  }
  assert.equal((await call(service, { path: '/health' })).status, 200);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  const socket = connect(port, '127.0.0.1');
  const [error] = await once(socket, 'error');
  assert.match(String(error), /ECONNREFUSED/, 'the port is closed');
}

test('on a full disk', { skip: process.platform === 'linux' ? false : 'needs /dev/full' }, async () => {
  const full = openSync('/dev/full', 'w');
  const started = await start(full);
  closeSync(full);
  await worksAndEnds(started);
});

test('without a reader', async () => {
  const started = await start('pipe');
  started.child.stdout?.destroy();
  await worksAndEnds(started);
});

test('with a reader that has stopped', async () => {
  const started = await start('pipe');
  started.child.stdout?.pause();
  await worksAndEnds(started);
  started.child.stdout?.destroy();
});

test('a command whose reader is gone ends without an error of its own', async () => {
  const child = spawn(process.execPath, [main, 'config'], {
    env: { PATH: process.env.PATH, ...testEnv.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = await once(child, 'close');
  assert.deepEqual([code, err], [0, '']);
});
