/** Attacks on capacity: connections that send only headers, slow bodies, large bodies of strangers. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { changeDelivery, reference } from '../fixtures/index.ts';
import { freePort } from '../free-port.ts';
import { call, post } from '../http/call.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { head, openRaw, type RawConnection } from './raw-connection.ts';

const token = 'a-token-that-is-long-enough';
const secret = 'a-secret-of-this-test';
const topic = 'arn:aws:sns:eu-central-1:123456789012:commercetools';
const harmless = changeDelivery('ResourceCreated', reference('subscription', 's'));
const proof = { authorization: `Bearer ${secret}` };
const sns = { 'x-amz-sns-message-type': 'Notification' };
let testEnv: TestEnv;

// One for each test: refused requests of an address are limited.
beforeEach(async () => {
  testEnv = await startTestEnv({
    env: { API_TOKEN: token, PUSH_SECRET: secret, PUSH_SNS_TOPIC_ARNS: topic },
    settings: { realtime: { maxInFlight: 50 } },
  });
});
afterEach(() => testEnv.stop());

const openMany = (count: number, text: string): Promise<RawConnection[]> =>
  Promise.all(Array.from({ length: count }, () => openRaw(testEnv.service, text)));
const end = (connections: readonly RawConnection[]) => {
  for (const { socket } of connections) socket.destroy();
};

for (const [what, headers] of Object.entries({
  'with proof': proof,
  'of SNS, whose proof is in the body': sns,
  without: {},
}))
  test(`a thousand connections that send only headers, ${what}, hold back no message`, async () => {
    const connections = await openMany(1_000, head('POST', '/', 1_000, headers));
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(testEnv.service, '/', harmless, proof)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [204]);
    assert.equal((await call(testEnv.service, { path: '/health' })).status, 200);
    end(connections);
  });

test('a body that stops, and one that trickles, are ended on every route with 503: SNS gives a message up after a 408', async () => {
  const paths = { '/': proof, '/sync/orders': { authorization: `Bearer ${token}` }, '/dashboard/session': {} };
  for (const [path, headers] of Object.entries(paths)) {
    const stopped = await openRaw(testEnv.service, `${head('POST', path, 1_000, headers)}{"a":`);
    const trickling = await openRaw(testEnv.service, `${head('POST', path, 1_000, headers)}{"a":`);
    const timer = setInterval(() => trickling.write(' '), 50).unref();
    assert.deepEqual([await stopped.status(), await trickling.status()], [503, 503], path);
    await Promise.all([stopped.closed, trickling.closed]);
    clearInterval(timer);
  }
});

test('headers that never end are ended', async () => {
  const { closed, status } = await openRaw(testEnv.service, 'POST / HTTP/1.1\r\nhost: x\r\n');
  assert.equal(await status(), 503);
  await closed;
});

test('the body of a request that will be refused is never read', async () => {
  const length = 9_000_000;
  for (const [method, path, expected] of [
    ['POST', '/', 401],
    ['POST', '/sync/orders', 401],
    ['POST', '/dashboard/session', 413],
    ['POST', '/unknown', 404],
    ['PUT', '/', 405],
    ['DELETE', '/sync/orders', 405],
  ] as const) {
    const connection = await openRaw(testEnv.service, head(method, path, length));
    assert.equal(await connection.status(), expected, `${method} ${path}: answered before any byte of the body`);
    connection.socket.destroy();
  }
});

test('a login takes 4 KB', async () => {
  const { status } = await post(testEnv.service, '/dashboard/session', { token: 'x'.repeat(5_000) });
  assert.equal(status, 413);
  assert.equal((await post(testEnv.service, '/dashboard/session', { token: 'x'.repeat(3_000) })).status, 401);
});

test('large bodies of strangers hold a bounded number of bytes; the health and messages with proof are answered', async () => {
  const chunk = 'x'.repeat(200_000);
  const connections = await openMany(200, head('POST', '/', 990_000, sns) + chunk);
  const growing = setInterval(() => {
    for (const { write } of connections) write(chunk.slice(0, 2_000));
  }, 100).unref();
  const ended = connections.map(({ status }) => status());
  assert.equal((await post(testEnv.service, '/', harmless, proof)).status, 204);
  assert.equal((await call(testEnv.service, { path: '/health' })).status, 200);
  const refused = (await Promise.all(ended)).filter((status) => status === 503).length;
  clearInterval(growing);
  // 64 readers, of 8 MB in all, are what strangers may have.
  assert.ok(refused >= 200 - 64, `${refused} were refused`);
  end(connections);
});

test('bodies of strangers are bounded over all ports of the process', async () => {
  const port = await freePort();
  await using own = await startTestEnv({ env: { PUSH_SNS_TOPIC_ARNS: topic, PUB_SUB_PORT: String(port) } });
  const text = `${head('POST', '/', 990_000, sns)}{"a":"`;
  const addresses = [own.service, `http://127.0.0.1:${port}`];
  const connections = await Promise.all(
    Array.from({ length: 100 }, (_, index) => openRaw(addresses[index % 2] ?? own.service, text)),
  );
  const statuses = await Promise.all(connections.map(({ status }) => status()));
  // 64 readers are what strangers may have; those are ended because they are slow.
  assert.ok(statuses.filter((status) => status === 503).length >= 100 - 64, `${statuses}`);
  end(connections);
});
