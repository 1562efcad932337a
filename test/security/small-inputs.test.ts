/** Attacks with small inputs: guessable tokens, odd ids, messages of strangers, text that controls a terminal. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { presentable } from '../../src/cli/output/terminal.ts';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { createKlaviyoClient } from '../../src/klaviyo/api/client.ts';
import { environment } from '../fixtures/environment.ts';
import { delivery } from '../fixtures/index.ts';
import { post } from '../http/call.ts';
import { newOrder, startOrderShop } from '../mapping/order-fixture.ts';
import { startTestEnv } from '../test-env.ts';

const problemsOf = (env: Record<string, string>): string => {
  try {
    readConfig(environment(env));
    return '';
  } catch (thrown) {
    assert.ok(thrown instanceof ConfigError);
    return thrown.problems.join('\n');
  }
};

test('tokens and secrets that are easily guessed are refused at start, with the fix and without the value', () => {
  for (const name of [
    'API_TOKEN',
    'API_TOKEN_READ_ONLY',
    'PUSH_SECRET',
    'PUSH_EVENT_BRIDGE_SECRET',
    'PUSH_EVENT_GRID_KEY',
  ])
    for (const value of ['aaaaaaaaaaaaaaaaaaaa', 'abababababababababab', 'changemechangeme', '0000000000000001']) {
      const problems = problemsOf({ [name]: value });
      assert.match(problems, new RegExp(`${name}.*openssl rand -hex 32`), value);
      assert.doesNotMatch(problems, new RegExp(value));
    }
  for (const value of ['9f86d081884c7d65', 'a-token-that-is-long-enough'])
    assert.equal(problemsOf({ API_TOKEN: value }), '');
});

test('ids and options of a sync are bounded with 400', async () => {
  await using testEnv = await startTestEnv();
  for (const body of [
    { ids: ['x'.repeat(257)] },
    { ids: ['\ud83d'] },
    { startId: 'x'.repeat(257) },
    { since: '1'.repeat(65) },
    { deleteAll: true, confirmDeletion: 'x'.repeat(65) },
  ])
    assert.equal((await post(testEnv.service, '/sync/orders', body)).status, 400);
  assert.deepEqual(await testEnv.app.runs.list(), []);
});

test('a message of another project has no effect', async () => {
  await using shop = await startOrderShop();
  const order = newOrder();
  const message = delivery('OrderCreated', order.ref, { id: randomUUID(), order: order.record });
  const foreign = { ...message, projectKey: 'another-shop' };
  for (const body of [foreign, { specversion: '1.0', data: foreign }]) assert.equal(await shop.testEnv.push(body), 204);
  assert.deepEqual(await shop.events({ unique_id: order.id }), []);
  assert.equal(await shop.testEnv.push(message), 204);
  assert.ok((await shop.events({ unique_id: order.id })).length > 0);
});

test('nothing controls the terminal but colours, tabs and line breaks', () => {
  const attack = 'a\x1b]0;title\x07\x1b[2Jb\x9b31mc\x00\x08\rd\x1b[31mred\x1b[0m\te\nf';
  assert.equal(presentable(attack), 'a]0;title[2Jb31mcd\x1b[31mred\x1b[0m\te\nf');
});

test('a wait that an API asks for is an hour at most', async (context) => {
  const server = createServer((_request, response) =>
    response.writeHead(429, { 'retry-after': '999999999' }).end('{}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const limits = { rateLimitShare: 1, realtimeReserve: 0, timeoutMs: 5_000, retries: 0 };
  const client = createKlaviyoClient({ url, key: 'pk', ...limits });
  const result = await client.call({ endpoint: 'listItems', lane: 'realtime', signal: AbortSignal.timeout(5_000) });
  assert.ok(!result.ok && result.failure.type === 'unavailable');
  assert.equal(result.failure.retryAfterMs, 3_600_000);
  await client.close();
});
