/** Memory that runs out: load is shed before the process ends, everybody is told, and all goes on when memory is free again. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startCommercetoolsSandbox } from '../../sandbox/commercetools/sandbox.ts';
import { startKlaviyoSandbox } from '../../sandbox/klaviyo/sandbox.ts';
import { changeDelivery, reference } from '../fixtures/index.ts';
import { freePort } from '../free-port.ts';
import { call, post } from '../http/call.ts';
import { scrape } from '../telemetry/scrape.ts';
import { environmentOf } from '../test-env.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const ballast = new URL('./ballast.js', import.meta.url).href;
/** A small heap, of which the service itself needs about a quarter. */
const nodeFlags = ['--max-old-space-size=160', '--max-semi-space-size=4'];
const harmless = changeDelivery('ResourceCreated', reference('subscription', 's'));
const runs = z.object({
  running: z.array(z.object({ state: z.string(), problem: z.string().optional() })),
  ended: z.array(z.object({ state: z.string(), problem: z.string().optional() })),
});

/** The service as a process with a small heap. */
async function startService(context: TestContext) {
  const klaviyo = await startKlaviyoSandbox({ limits: 'none', jobMs: 10 });
  const shop = await startCommercetoolsSandbox();
  const port = await freePort();
  const child: ChildProcess = fork(main, ['serve'], {
    env: { PATH: process.env.PATH ?? '', ...environmentOf(klaviyo, shop, {}), PORT: String(port) },
    execArgv: [...nodeFlags, '--import', ballast],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  context.after(async () => {
    child.kill('SIGKILL');
    await Promise.all([klaviyo.stop(), shop.stop()]);
  });
  let log = '';
  const started = Promise.withResolvers<void>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
    if (log.includes('"msg":"started"')) started.resolve();
  });
  child.once('exit', (code) => started.reject(new Error(`the service ended with code ${code}: ${log}`)));
  await started.promise;
  const service = `http://127.0.0.1:${port}`;
  return {
    service,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    log: () => log,
    /** Takes so much of the heap for something else. */
    async hold(holdMb: number): Promise<void> {
      const answered = once(child, 'message');
      child.send({ holdMb });
      await answered;
    },
    push: () => post(service, '/', harmless),
    runsOf: async () => runs.parse((await call(service, { path: '/sync/customers' })).json),
  };
}

/** @returns the first value that is as wanted */
async function until<Value>(read: () => Promise<Value>, isWanted: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await read();
    if (isWanted(value)) return value;
    await sleep(100);
  }
}

test('with a full heap realtime gets 503 with Retry-After and bulk pauses; with a free one both go on', async (context) => {
  const { service, hold, push, runsOf, log, isAlive } = await startService(context);
  assert.equal((await push()).status, 204);
  let heldMb = 60;
  const fillAndPush = async () => {
    heldMb += 4;
    await hold(heldMb);
    return push();
  };
  const shed = await until(fillAndPush, ({ status }) => status !== 204);
  assert.equal(shed.status, 503);
  assert.match(shed.error, /memory is short/);
  assert.ok(Number(shed.headers['retry-after']) > 0);
  assert.equal((await post(service, '/sync/customers', undefined)).status, 202);
  const paused = await until(runsOf, ({ running }) => running[0]?.state === 'paused');
  assert.match(paused.running[0]?.problem ?? '', /memory is short/);
  assert.equal((await scrape(service)).value('ctk_load_shed'), 1);
  assert.equal((await call(service, { path: '/health' })).status, 200);
  const stream = await fetch(`${service}/dashboard/stream`);
  let seen = '';
  for await (const text of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    seen += text;
    if (/^event: overview\n/m.test(seen) && seen.includes('\n\n')) break;
  }
  assert.match(seen, /"detail":"memory is short/);

  await hold(0);
  assert.equal((await until(push, ({ status }) => status !== 503)).status, 204);
  const { ended } = await until(runsOf, ({ running }) => running.length === 0);
  assert.deepEqual(
    ended.map(({ state, problem }) => [state, problem]),
    [['completed', undefined]],
  );
  assert.equal((await scrape(service)).value('ctk_load_shed'), 0);
  assert.deepEqual(
    [...log().matchAll(/"isShedding":(true|false)/g)].map(([, value]) => value),
    ['true', 'false'],
  );
  assert.ok(isAlive());
});

test('garbage alone sheds no load', async (context) => {
  const { hold, push, log, isAlive } = await startService(context);
  for (let round = 0; round < 12; round += 1) {
    await hold(round % 2 === 0 ? 40 : 0);
    assert.equal((await push()).status, 204);
  }
  assert.doesNotMatch(log(), /"isShedding":true/);
  assert.ok(isAlive());
});
