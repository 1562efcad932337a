/** What the ports beside PORT serve, and what happens when one is taken. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import pino from 'pino';
import { createService } from '../../src/app/service.ts';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { environment } from '../fixtures/environment.ts';
import { startTestEnv } from '../test-env.ts';
import { call, post } from './call.ts';

async function serviceOn(context: TestContext, env: Record<string, string>) {
  const logged: string[] = [];
  const log = pino({}, { write: (line: string) => void logged.push(line) });
  const app = createService(readConfig(environment({ HOST: '127.0.0.1', STORE: 'memory', ...env })), log);
  context.after(() => app.stop());
  return { app, logged };
}

/** Somebody else's port. */
async function takePort(context: TestContext): Promise<{ port: number; free(): Promise<unknown> }> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const free = () => new Promise((resolve) => server.close(resolve));
  context.after(() => server.listening && free());
  return { port: typeof address === 'object' && address ? address.port : 0, free };
}

test('PUB_SUB_PORT serves realtime only, BULK_IMPORT_PORT bulk only, each beside PORT', async (context) => {
  const { app } = await serviceOn(context, { PORT: '0', PUB_SUB_PORT: '0', BULK_IMPORT_PORT: '0' });
  const [all = '', realtime = '', bulk = ''] = await app.start();
  const push = (service: string) => post(service, '/', {});
  const sync = (service: string) => call(service, { path: '/sync' });
  assert.deepEqual([(await push(all)).status, (await sync(all)).status], [400, 200]);
  assert.deepEqual([(await push(realtime)).status, (await sync(realtime)).status], [400, 404]);
  assert.deepEqual([(await push(bulk)).status, (await sync(bulk)).status], [404, 200]);
  assert.match((await sync(realtime)).error, /this port serves no bulk: see APP_TYPE/);
  assert.match((await push(bulk)).error, /this port serves no realtime: see APP_TYPE/);
  for (const service of [all, realtime, bulk]) assert.equal((await call(service, { path: '/health' })).status, 200);
});

test('APP_TYPE alone leaves out what the process does not do', async () => {
  await using events = await startTestEnv({ env: { APP_TYPE: 'EVENT' } });
  assert.equal((await call(events.service, { path: '/sync' })).status, 404);
  await using connect = await startTestEnv({ env: { CONNECT_ENV: 'prod' } });
  assert.equal((await post(connect.service, '/sync/orders', {})).status, 202);
  await using bulk = await startTestEnv({ env: { APP_TYPE: 'BULK_IMPORT' } });
  assert.equal((await post(bulk.service, '/', {})).status, 404);
});

test('a port in use is reported with its variable, and no other port stays open', async (context) => {
  const { port } = await takePort(context);
  for (const variable of ['PORT', 'PUB_SUB_PORT', 'BULK_IMPORT_PORT']) {
    const { app } = await serviceOn(context, { PORT: '0', [variable]: String(port) });
    await assert.rejects(app.start(), (thrown) => {
      assert.ok(thrown instanceof ConfigError);
      assert.deepEqual(thrown.problems, [
        `${variable}: port ${port} is taken by another process; set ${variable} to a free port`,
      ]);
      return true;
    });
  }
});

test('an address that is not local is reported with HOST', async (context) => {
  const { app } = await serviceOn(context, { PORT: '0', HOST: '203.0.113.9' });
  await assert.rejects(
    app.start(),
    (thrown) => thrown instanceof ConfigError && /^HOST: /.test(thrown.problems.join()),
  );
});

test('a default port in use is skipped with a warning', async (context) => {
  const { port } = await takePort(context);
  const config = readConfig(environment({ HOST: '127.0.0.1', PORT: '0' }));
  config.ports.push({ port, variable: 'BULK_IMPORT_PORT', serves: 'bulk', optional: true });
  const logged: string[] = [];
  const app = createService(config, pino({}, { write: (line: string) => void logged.push(line) }));
  context.after(() => app.stop());
  assert.equal((await app.start()).length, 1);
  assert.match(logged.join(), new RegExp(`port ${port} is taken by another process and left out`));
});
