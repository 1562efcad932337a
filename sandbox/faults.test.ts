/** Tests of fault rules: responses while a rule is active. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import { createFaults, type Faults, failsRecord, faultsPlugin } from './faults.ts';

let app: FastifyInstance | undefined;
afterEach(async () => {
  await app?.close();
});

async function startCounter(): Promise<{ url: string; faults: Faults; effects: () => number }> {
  let effects = 0;
  const faults = createFaults();
  app = fastify({ forceCloseConnections: true });
  await app.register(faultsPlugin, { faults });
  app.post('/things', async () => {
    effects += 1;
    return { text: 'x'.repeat(2_000) };
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return { url, faults, effects: () => effects };
}

test('a status fault responds with its status, headers and body `times` times, then requests succeed', async () => {
  const { url, effects } = await startCounter();
  const rule = { kind: 'status', status: 503, times: 2, body: '<h1>busy</h1>', headers: { 'retry-after': '3' } };
  const added = await fetch(`${url}/sandbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...rule, method: 'post', path: '/things' }),
  });
  assert.equal(added.status, 201);
  const responses = [];
  for (let i = 0; i < 3; i += 1) responses.push(await fetch(`${url}/things`, { method: 'POST' }));
  assert.deepEqual(
    responses.map((response) => response.status),
    [503, 503, 200],
  );
  assert.equal(responses[0]?.headers.get('retry-after'), '3');
  assert.match(responses[0]?.headers.get('content-type') ?? '', /text\/html/);
  assert.equal(await responses[0]?.text(), '<h1>busy</h1>');
  assert.equal(effects(), 1);
});

test('a connection reset has no effect; a lost response has', async () => {
  const { url, faults, effects } = await startCounter();
  faults.add({ kind: 'reset', times: 1 }, { kind: 'applied-then-lost', times: 1 });
  await assert.rejects(fetch(`${url}/things`, { method: 'POST' }));
  assert.equal(effects(), 0);
  await assert.rejects(fetch(`${url}/things`, { method: 'POST' }));
  assert.equal(effects(), 1);
});

test('a truncated response ends in the middle of its body', async () => {
  const { url, faults, effects } = await startCounter();
  faults.add({ kind: 'truncate', path: '^/th' });
  const response = await fetch(`${url}/things`, { method: 'POST' });
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
  assert.equal(effects(), 1);
});

test('a hanging request ends when the client aborts, and does not block server shutdown', async () => {
  const { url, faults, effects } = await startCounter();
  faults.add({ kind: 'hang' });
  await assert.rejects(fetch(`${url}/things`, { method: 'POST', signal: AbortSignal.timeout(50) }));
  const pending = assert.rejects(fetch(`${url}/things`, { method: 'POST' }));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await app?.close();
  await pending;
  assert.equal(effects(), 0);
});

test('a rule applies only to its path, after `after` requests, until it is cleared', async () => {
  const { url, faults } = await startCounter();
  const status = async () => (await fetch(`${url}/things`, { method: 'POST' })).status;
  faults.add({ kind: 'status', status: 500, path: '/elsewhere' }, { kind: 'status', status: 502, after: 1 });
  assert.deepEqual([await status(), await status()], [200, 502]);
  assert.equal((await fetch(`${url}/sandbox/faults`, { method: 'DELETE' })).status, 204);
  assert.equal(await status(), 200);
});

test('an invalid rule is rejected with a reason', async () => {
  const { url } = await startCounter();
  const response = await fetch(`${url}/sandbox/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'explode', path: 'things' }),
  });
  assert.equal(response.status, 400);
});

test('fail-record rules apply only to job records, and rules can be removed', () => {
  const faults = createFaults();
  const [busy] = faults.add({ kind: 'reset' }, { kind: 'fail-record', path: '/catalog-item', times: 1 });
  assert.equal(failsRecord(faults, 'profile-bulk-import-job'), false);
  assert.equal(failsRecord(faults, 'catalog-item-bulk-create-job'), true);
  assert.equal(failsRecord(faults, 'catalog-item-bulk-create-job'), false);
  assert.equal(faults.apply('GET', '/api/profiles')?.kind, 'reset');
  faults.remove(busy?.id ?? 0);
  assert.equal(faults.apply('GET', '/api/profiles'), undefined);
});
