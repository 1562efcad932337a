/** The live check over HTTP: who may start it, with which consent, and what it then shows. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { call, post } from '../http/call.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

const [full, reader] = ['a-token-that-may-do-everything', 'a-token-that-may-only-look'];
const path = '/dashboard/live-check';
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const shown = z.object({
  plan: z.object({ creates: z.array(z.string()), remains: z.array(z.string()) }),
  verifiedAt: z.iso.datetime().optional(),
  facts: z.array(
    z.object({ fact: z.string(), found: z.string(), state: z.string(), verifiedAt: z.string().optional() }),
  ),
  activity: z.string().optional(),
  remaining: z.array(z.string()),
});

let testEnv: TestEnv;
before(async () => {
  testEnv = await startTestEnv({ env: { API_TOKEN: full, API_TOKEN_READ_ONLY: reader } });
});
after(() => testEnv.stop());

async function show(token = reader) {
  const { status, json } = await call(testEnv.service, { path, headers: bearer(token) });
  assert.equal(status, 200);
  return shown.parse(json);
}

async function untilEnded() {
  for (;;) {
    const now = await show();
    if (now.activity === undefined) return now;
    await sleep(50);
  }
}

test('a read-only token sees what would be created and what would stay, and cannot start it', async () => {
  const { plan, verifiedAt, facts } = await show();
  assert.deepEqual([verifiedAt, facts], [undefined, []]);
  assert.match(plan.remains.join(), /the profile ctk-live-check@example\.com/);
  assert.equal((await post(testEnv.service, path, { consent: true }, bearer(reader))).status, 403);
  assert.equal((await call(testEnv.service, { path })).status, 401);
  assert.equal(testEnv.klaviyo.state().profiles, 0);
});

test("a browser's session needs the page's token, and everybody has to consent", async () => {
  const session = await post(testEnv.service, '/dashboard/session', { token: full });
  const cookie = String(session.headers['set-cookie'] ?? '').split(';')[0] ?? '';
  assert.equal((await post(testEnv.service, path, { consent: true }, { cookie })).status, 403);
  for (const body of [{}, { consent: false }])
    assert.equal((await post(testEnv.service, path, body, bearer(full))).status, 400);
  assert.equal(testEnv.klaviyo.state().profiles, 0);
});

test('it is started once at a time, and shows what was found and when', async () => {
  assert.equal((await post(testEnv.service, path, { consent: true }, bearer(full))).status, 202);
  assert.equal((await post(testEnv.service, path, { consent: true }, bearer(full))).status, 409);
  assert.notEqual((await show()).activity, undefined);
  const { verifiedAt, facts, remaining } = await untilEnded();
  assert.ok(verifiedAt);
  assert.deepEqual(remaining, []);
  const repeated = facts.find(({ fact }) => fact === 'repeated events in a bulk body');
  assert.deepEqual([repeated?.found, repeated?.state], ['ignored', 'ok']);
  assert.equal(testEnv.klaviyo.state().items, 0);
});

test('a service that stops stops the check, and removes its records first', async () => {
  const stopped = await startTestEnv();
  stopped.klaviyo.faults.add({ kind: 'delay', ms: 30, path: '/api/catalog-items' });
  assert.equal((await stopped.post(path, { consent: true })).status, 202);
  while (stopped.klaviyo.state().items === 0) await sleep(5);
  await stopped.app.stop();
  const { items, categories } = stopped.klaviyo.state();
  await Promise.all([stopped.klaviyo.stop(), stopped.shop.stop()]);
  assert.deepEqual([items, categories], [0, 0]);
});
