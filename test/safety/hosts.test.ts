/** Whom the service talks to, and what it hands over: this test sits in its own process, where every lookup is seen. */
import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { createServer, type IncomingMessage } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { delivery } from '../fixtures/message.ts';
import { order } from '../fixtures/order.ts';
import { freePort } from '../free-port.ts';
import { startTestEnv, type TestEnvOptions } from '../test-env.ts';

const lookedUp = new Set<string>();
const connectedTo = new Set<string>();

/** Every name is this machine, and is written down. */
const realLookup = dns.lookup;
const recording = (host: string, ...rest: unknown[]) => {
  lookedUp.add(host);
  return Reflect.apply(realLookup, dns, ['127.0.0.1', ...rest]);
};
Reflect.set(dns, 'lookup', recording);
syncBuiltinESMExports();
subscribe('net.client.socket', (said) => {
  const { socket } = said as { socket: Socket };
  socket.once('connect', () => connectedTo.add(`${socket.remoteAddress}:${socket.remotePort}`));
});

/** The APIs under names, as in production. */
async function startNamedHosts(options: TestEnvOptions = {}) {
  const [klaviyoPort, shopPort] = [await freePort(), await freePort()];
  const klaviyo = { ...options.klaviyo, port: klaviyoPort };
  const commercetools = { ...options.commercetools, port: shopPort };
  const env = {
    ALLOW_PLAIN_HTTP: 'true',
    KLAVIYO_API_URL: `http://klaviyo.test:${klaviyoPort}`,
    CT_API_URL: `http://api.commercetools.test:${shopPort}`,
    CT_AUTH_URL: `http://auth.commercetools.test:${shopPort}`,
    ...options.env,
  };
  return startTestEnv({ ...options, klaviyo, commercetools, env });
}

test('only the hosts of the two APIs are ever looked up or connected to', async () => {
  lookedUp.clear();
  connectedTo.clear();
  await using testEnv = await startNamedHosts();
  const placed = order();
  await testEnv.addRecords('order', placed);
  for (const resource of ['categories', 'products', 'customers', 'orders'] as const) await testEnv.sync(resource);
  const message = delivery('OrderCreated', { typeId: 'order', id: String(placed.id) }, { order: placed });
  assert.equal(await testEnv.push(message), 204);
  await (await fetch(`${testEnv.service}/ready`)).text();
  // The address that the servers themselves listen on is no host that is contacted.
  const names = [...lookedUp].filter((name) => name !== '127.0.0.1').toSorted();
  assert.deepEqual(names, ['api.commercetools.test', 'auth.commercetools.test', 'klaviyo.test']);
  const own = [testEnv.service, testEnv.klaviyo.url, testEnv.shop.url].map((url) => new URL(url).port);
  for (const address of connectedTo) assert.ok(own.includes(address.split(':').at(-1) ?? ''), address);
});

test('a URL in what commercetools delivers is never followed', async () => {
  await using testEnv = await startNamedHosts();
  lookedUp.clear();
  const placed = order({
    custom: { type: { typeId: 'type', id: 't' }, fields: { link: 'http://evil.test/callback' } },
  });
  await testEnv.addRecords('order', placed);
  const message = { ...delivery('OrderCreated', { typeId: 'order', id: String(placed.id) }, { order: placed }) };
  const sns = {
    Type: 'SubscriptionConfirmation',
    SubscribeURL: 'http://evil.test/confirm',
    TopicArn: 'arn:aws:sns:x:123456789012:t',
  };
  await testEnv.push({ ...message, dataref: 'http://evil.test/data' });
  await testEnv.post('/', sns);
  assert.deepEqual(
    [...lookedUp].filter((host) => host.includes('evil')),
    [],
  );
});

/** A host that must not hear anything of ours. */
async function startStranger() {
  const heard: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    heard.push(request);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, heard, stop: () => new Promise((resolve) => server.close(resolve)) };
}

/** An API that sends everybody on to somewhere else. */
async function startRedirector(to: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(307, { location: `${to}${request.url}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, stop: () => new Promise((resolve) => server.close(resolve)) };
}

for (const variable of ['KLAVIYO_API_URL', 'CT_API_URL', 'CT_AUTH_URL']) {
  test(`a redirect of ${variable} is not followed, so that no credential reaches another host`, async () => {
    const stranger = await startStranger();
    const redirector = await startRedirector(stranger.url);
    await using testEnv = await startTestEnv({ env: { [variable]: redirector.url } });
    const placed = order();
    const message = delivery('OrderCreated', { typeId: 'order', id: String(placed.id) }, { order: placed });
    assert.equal(await testEnv.push(message), 503);
    assert.ok(redirector.asked.length > 0);
    assert.deepEqual(stranger.heard, []);
    await stranger.stop();
    await redirector.stop();
  });
}
