/** Who sees the dashboard, and how: the login's cookie, what acts with it, the page's own policy, the stream. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { call, post, type Said } from '../http/call.ts';
import { newCustomer, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { startTestEnv } from '../test-env.ts';

const [full, reader] = ['a-token-that-may-do-everything', 'a-token-that-may-only-look'];
const sessionShape = z.object({ access: z.string(), csrf: z.string().optional(), loggedIn: z.boolean() });

let shop: OrderShop;
let service: string;
before(async () => {
  shop = await startOrderShop({ env: { API_TOKEN: full, API_TOKEN_READ_ONLY: reader } });
  service = shop.testEnv.service;
});
after(() => shop.stop());

function cookieOf({ headers }: Said): string {
  return String(headers['set-cookie'] ?? '');
}
/** @returns what a browser sends after it has logged in */
async function logIn(token: string, headers: Record<string, string> = {}) {
  const said = await post(service, '/dashboard/session', { token }, headers);
  assert.equal(said.status, 200, said.error);
  const cookie = cookieOf(said);
  return { cookie: cookie.split(';')[0] ?? '', set: cookie, csrf: sessionShape.parse(said.json).csrf ?? '' };
}

test('the page is there without a token, says nothing, and lets in only what is its own', async () => {
  const answer = await fetch(`${service}/`);
  const text = await answer.text();
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
  const policy = answer.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
    assert.ok(policy.includes(part), part);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.doesNotMatch(text, /<script(?![^>]*\ssrc=)|\son\w+=|style=/);
  assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//);
  const again = await fetch(`${service}/`, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } });
  assert.equal(again.status, 304);
});

test('each of its files is there, and no other', async () => {
  const page = await (await fetch(`${service}/`)).text();
  const files = [...page.matchAll(/(?:src|href)="(\/dashboard\/[^"]+)"/g)].map(([, path]) => path ?? '');
  assert.ok(files.length >= 4);
  const script = await (await fetch(`${service}/dashboard/page/main.ts`)).text();
  const imported = [...script.matchAll(/from '(\.[^']+)'/g)].map(([, path]) => `/dashboard/page/${path?.slice(2)}`);
  for (const path of [...files, ...imported]) assert.equal((await fetch(`${service}${path}`)).status, 200, path);
  assert.doesNotMatch(script, /^import type|: void \{/m, 'types are removed');
  for (const path of [
    '/dashboard/page/../routes.ts',
    '/dashboard/page/tsconfig.json',
    '/dashboard/page/index.html',
    '/dashboard/lib/zod/index.js',
  ])
    assert.equal((await fetch(`${service}${path}`)).status, 404, path);
});

test('without a token or its session everything that shows something is shut', async () => {
  for (const path of [
    '/dashboard/stream',
    '/dashboard/settings',
    '/dashboard/live-check',
    '/dashboard/runs/x',
    '/explain/order/x',
    '/sync',
    '/dead-letters',
  ])
    assert.equal((await call(service, { path })).status, 401, path);
  const { json } = await call(service, { path: '/dashboard/session' });
  assert.equal(sessionShape.parse(json).access, 'none');
});

test('no script can read the cookie, no other site can send it, and over https it stays there', async () => {
  const { set } = await logIn(full);
  for (const part of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=']) assert.ok(set.includes(part), part);
  assert.doesNotMatch(set, /Secure/);
  assert.match((await logIn(full, { 'x-forwarded-proto': 'https' })).set, /Secure/);
  assert.doesNotMatch(set, new RegExp(full));
  assert.doesNotMatch(shop.testEnv.logged.join(), new RegExp(`${full}|ctk_session`));
});

test('a wrong token is rejected, and after a hundred attempts the address is rate limited', async () => {
  await using own = await startTestEnv({ env: { API_TOKEN: full } });
  const wrong = () =>
    post(own.service, '/dashboard/session', { token: 'wrong-wrong-wrong-wrong' }, { 'x-forwarded-for': '203.0.113.7' });
  const first = await wrong();
  assert.deepEqual([first.status, cookieOf(first)], [401, '']);
  assert.match(first.error, /none of the tokens of API_TOKEN/);
  let last = first;
  for (let tries = 0; tries < 110; tries += 1) last = await wrong();
  assert.equal(last.status, 429);
});

test('changes with the cookie require the CSRF token', async () => {
  const { cookie, csrf } = await logIn(full);
  assert.equal((await call(service, { path: '/sync', headers: { cookie } })).status, 200);
  for (const headers of [{ cookie }, { cookie, 'x-csrf-token': 'made up' }, { cookie, 'x-csrf-token': '' }]) {
    const refused = await post(service, '/sync/orders/stop', undefined, headers);
    assert.equal(refused.status, 403);
    assert.match(refused.error, /x-csrf-token/);
  }
  const other = await logIn(full);
  assert.equal((await post(service, '/sync/orders/stop', '', { cookie, 'x-csrf-token': other.csrf })).status, 403);
  assert.equal((await post(service, '/sync/orders/stop', '', { cookie, 'x-csrf-token': csrf })).status, 200);
});

test('a session of a read-only token can read but not change anything', async () => {
  const { cookie, csrf } = await logIn(reader);
  for (const path of ['/sync', '/dead-letters', '/dashboard/settings'])
    assert.equal((await call(service, { path, headers: { cookie } })).status, 200, path);
  const refused = await post(service, '/sync/orders', '', { cookie, 'x-csrf-token': csrf });
  assert.deepEqual([refused.status, /has read access only/.test(refused.error)], [403, true]);
});

test('a tampered or unknown cookie is rejected', async () => {
  const { cookie } = await logIn(reader);
  const [head = '', body = '', sign = ''] = cookie.replace('ctk_session=', '').split('.');
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const value of ['x', `${head}.${body}.${sign.slice(2)}`, `${none}.${body}.`, `${head}.${body}x.${sign}`]) {
    const { status } = await call(service, { path: '/sync', headers: { cookie: `ctk_session=${value}` } });
    assert.equal(status, 401, value);
  }
});

test('another replica with the same token knows the session, one without it does not', async () => {
  const { cookie } = await logIn(full);
  const overrides = { now: () => shop.testEnv.app.now() };
  await using same = await startTestEnv({ env: { API_TOKEN: `another-token-of-theirs, ${full}` }, overrides });
  await using other = await startTestEnv({ env: { API_TOKEN: 'another-token-of-theirs' }, overrides });
  assert.equal((await call(same.service, { path: '/sync', headers: { cookie } })).status, 200);
  assert.equal((await call(other.service, { path: '/sync', headers: { cookie } })).status, 401);
});

test('logging out takes the cookie back', async () => {
  const said = await call(service, { method: 'DELETE', path: '/dashboard/session' });
  assert.equal(said.status, 204);
  assert.match(cookieOf(said), /^ctk_session=;.*(Max-Age=0|1970)/);
});

test('the settings in force name where each comes from, and no secret', async () => {
  const { json } = await call(service, { path: '/dashboard/settings', headers: { authorization: `Bearer ${reader}` } });
  const shape = z.object({ rows: z.array(z.object({ name: z.string(), value: z.string(), from: z.string() })) });
  const { rows: shown } = shape.parse(json);
  const row = (name: string) => shown.find((one) => one.name === name);
  assert.deepEqual(row('API_TOKEN'), { name: 'API_TOKEN', value: '***', from: 'environment' });
  assert.deepEqual(row('klaviyo.retries'), { name: 'klaviyo.retries', value: '1', from: 'NODE_CONFIG' });
  assert.equal(row('runs.maxEnded')?.from, 'default');
  assert.doesNotMatch(JSON.stringify(json), new RegExp(`${full}|${reader}`));
});

test('the stream shows this replica, and the service stops while it is open', async () => {
  const own = await startTestEnv();
  const answer = await fetch(`${own.service}/dashboard/stream`);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  const text = answer.body?.pipeThrough(new TextDecoderStream());
  let seen = '';
  let stopped: Promise<void> | undefined;
  for await (const part of text ?? []) {
    seen += part;
    if (/^event: overview\n/m.test(seen) && /^event: syncs\n/m.test(seen)) stopped ??= own.stop();
  }
  await stopped;
  assert.match(seen, /"replica":"[^"]+"/);
});

test('streams above the limit of a process are answered 503', async () => {
  await using own = await startTestEnv();
  const ends = new AbortController();
  const open = () => fetch(`${own.service}/dashboard/stream`, { signal: ends.signal });
  const answers = await Promise.all(Array.from({ length: 21 }, open));
  assert.deepEqual(
    answers.map(({ status }) => status).filter((status) => status !== 200),
    [503],
  );
  ends.abort();
});

test('without tokens only this machine sees it', async () => {
  await using own = await startTestEnv();
  const here = await call(own.service, { path: '/dashboard/session' });
  assert.equal(sessionShape.parse(here.json).access, 'write');
  const headers = { 'x-forwarded-for': '203.0.113.9' };
  const elsewhere = await call(own.service, { path: '/dashboard/session', headers });
  assert.equal(elsewhere.status, 403);
  assert.equal((await call(own.service, { path: '/dashboard/stream', headers })).status, 403);
});

test('a session does not prove the sender of a push', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 401);
});
