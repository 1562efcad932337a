/** Smoke test of an application: starts it on a free port, where it reaches neither API, and asks for its health. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const unreachable = 'http://127.0.0.1:9';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

test('npm start answers /health and ends on SIGTERM', { timeout: 120_000 }, async () => {
  const port = await freePort();
  const child = spawn('npm', ['start'], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      HOST: '127.0.0.1',
      PORT: String(port),
      KLAVIYO_AUTH_KEY: 'pk_smoke_test',
      KLAVIYO_API_URL: unreachable,
      CTP_PROJECT_KEY: 'smoke-test',
      CTP_CLIENT_ID: 'smoke-test',
      CTP_CLIENT_SECRET: 'smoke-test',
      CTP_API_URL: unreachable,
      CTP_AUTH_URL: unreachable,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
    // npm starts a shell, which starts Node: they are signalled as a group.
    detached: true,
  });
  const closed = once(child, 'close');
  // A process that a signal has ended has no exit code.
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals) => isRunning() && child.pid && process.kill(-child.pid, name);
  process.once('exit', () => signal('SIGKILL'));
  const isHealthy = () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (isRunning() && !(await isHealthy())) await sleep(50);
  assert.ok(isRunning(), 'npm start ended before it answered');
  signal('SIGTERM');
  await closed;
});
