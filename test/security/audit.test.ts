/** The audit log: who did or tried what, by which token and from where; without secrets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { call, post } from '../http/call.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const [operator, reader] = ['9f86d081884c7d659a2feaa0c55ad015', 'a-token-that-may-only-look'];
const env = { API_TOKEN: `ops-team:${operator}`, API_TOKEN_READ_ONLY: reader };
const auditLine = z.looseObject({
  msg: z.literal('audit'),
  action: z.string(),
  outcome: z.string(),
  token: z.string(),
});

/** The lines are written after the answer. */
async function linesOf(testEnv: TestEnv, count: number): Promise<z.infer<typeof auditLine>[]> {
  for (;;) {
    const lines = testEnv.logged.flatMap((text) => auditLine.safeParse(JSON.parse(text)).data ?? []);
    if (lines.length >= count) return lines;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('rejected calls, logins, discards, replays, starts and stops are logged with token and address', async () => {
  await using testEnv = await startTestEnv({ env });
  const { service } = testEnv;
  const by = (token: string) => ({ authorization: `Bearer ${token}`, 'x-forwarded-for': '203.0.113.7' });
  await call(service, { path: '/sync' });
  await call(service, { path: '/explain/order/x', headers: by('a-wrong-token-of-somebody') });
  await post(service, '/sync/orders', {}, by(reader));
  await post(service, '/dashboard/session', { token: 'a-wrong-token-of-somebody' });
  const { headers } = await post(service, '/dashboard/session', { token: operator });
  const cookie = String(headers['set-cookie']).split(';')[0] ?? '';
  await call(service, { method: 'DELETE', path: '/dashboard/session', headers: { cookie } });
  await post(service, '/sync/orders', { ids: ['a', 'b'], force: true }, by(operator));
  await post(service, '/sync/orders/stop', '', by(operator));
  await post(service, '/dead-letters/discard', { rule: 'placed-order' }, by(operator));
  await post(service, '/dead-letters/replay', { all: true }, by(operator));
  await post(service, '/dead-letters/1/discard', '', by(operator));
  // Looking is not logged.
  await call(service, { path: '/sync', headers: by(reader) });
  const lines = await linesOf(testEnv, 11);
  assert.deepEqual(
    lines.map(({ action, outcome, status, token }) => [action, outcome, status, token]),
    [
      ['GET /sync', 'rejected', 401, 'none'],
      ['explain', 'rejected', 401, 'none'],
      ['sync-orders', 'rejected', 403, 'API_TOKEN_READ_ONLY'],
      ['login', 'rejected', 401, 'none'],
      ['login', 'done', 200, 'ops-team'],
      ['logout', 'done', 204, 'ops-team'],
      ['sync-orders', 'done', 202, 'ops-team'],
      ['sync-orders-stop', 'done', 200, 'ops-team'],
      ['dead-letters-discard', 'done', 200, 'ops-team'],
      ['dead-letters-replay', 'done', 200, 'ops-team'],
      ['dead-letter-discard', 'failed', 404, 'ops-team'],
    ],
  );
  assert.ok(lines.every(({ address }) => address === '127.0.0.1'));
  assert.deepEqual([lines[0]?.forwardedFor, lines[1]?.forwardedFor], [undefined, '203.0.113.7']);
  assert.deepEqual(lines[6]?.options, { ids: 2, force: true });
  assert.deepEqual(lines[8]?.options, { rule: 'placed-order' });
  assert.equal(lines[10]?.path, '/dead-letters/1/discard');
  for (const secret of [operator, reader, 'a-wrong-token-of-somebody', cookie.split('=')[1] ?? '-'])
    assert.ok(!testEnv.logged.some((line) => line.includes(secret)), secret);
});

test('without tokens the caller is this machine', async () => {
  await using testEnv = await startTestEnv();
  await post(testEnv.service, '/sync/orders/stop', '');
  const [line] = await linesOf(testEnv, 1);
  assert.deepEqual([line?.action, line?.token], ['sync-orders-stop', 'this-machine']);
});

test('an attack fills the log with no more lines than its address may fail in a minute', async () => {
  await using testEnv = await startTestEnv({ env });
  for (let tries = 0; tries < 130; tries += 1) await call(testEnv.service, { path: '/sync' });
  assert.equal((await linesOf(testEnv, 100)).length, 100);
});

test('a text of another address cannot break a line', async () => {
  await using testEnv = await startTestEnv({ env });
  await call(testEnv.service, { path: '/sync', headers: { 'x-forwarded-for': `"}${'x'.repeat(5_000)}` } });
  const [line] = await linesOf(testEnv, 1);
  assert.equal(String(line?.forwardedFor).length, 100);
});
