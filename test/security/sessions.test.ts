/** Attacks on dashboard sessions: stolen cookies after a logout, sessions nobody uses, cookies set by other hosts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../src/store/memory.ts';
import { call, post, type Said } from '../http/call.ts';
import { startTestEnv } from '../test-env.ts';

const full = 'a-token-that-may-do-everything';
const minuteMs = 60_000;

const setCookieOf = ({ headers }: Said) => String(headers['set-cookie'] ?? '');
const cookieOf = (said: Said) => setCookieOf(said).split(';')[0] ?? '';

async function logIn(service: string, headers: Record<string, string> = {}): Promise<Said> {
  const said = await post(service, '/dashboard/session', { token: full }, headers);
  assert.equal(said.status, 200, said.error);
  return said;
}

/** The service with a clock that a test moves. */
async function startWithClock(store = createMemoryStore()) {
  const clock = { at: Date.parse('2026-03-15T08:00:00.000Z') };
  const now = () => new Date(clock.at);
  const testEnv = await startTestEnv({ env: { API_TOKEN: full }, overrides: { store, now } });
  const { service } = testEnv;
  return {
    testEnv,
    service,
    passMinutes(minutes: number) {
      clock.at += minutes * minuteMs;
    },
    sync: (cookie: string) => call(service, { path: '/sync', headers: { cookie } }),
    [Symbol.asyncDispose]: () => testEnv.stop(),
  };
}

const overHttps: Record<string, string>[] = [
  { 'x-forwarded-proto': 'https' },
  { 'x-forwarded-proto': 'HTTPS, http' },
  { 'x-forwarded-protocol': 'https' },
  { 'x-forwarded-scheme': 'https' },
  { 'x-url-scheme': 'https' },
  { 'x-forwarded-ssl': 'on' },
  { 'front-end-https': 'On' },
  { 'cloudfront-forwarded-proto': 'https' },
  { 'x-appengine-https': 'on' },
  { 'x-arr-ssl': '2048|256|CN=ca|CN=shop.example' },
  { 'cf-visitor': '{"scheme":"https"}' },
  { forwarded: 'for=192.0.2.60;proto=https;by=203.0.113.43' },
  { forwarded: 'for=192.0.2.60; Proto="https", for=198.51.100.17;proto=http' },
  { origin: 'https://shop.example' },
];
const overHttp: Record<string, string>[] = [
  {},
  { 'x-forwarded-proto': 'http' },
  { 'x-forwarded-proto': 'http, https' },
  { 'x-forwarded-ssl': 'off' },
  { 'front-end-https': 'off' },
  { 'cf-visitor': '{"scheme":"http"}' },
  { forwarded: 'for=192.0.2.60;proto=http, for=198.51.100.17;proto=https' },
  { forwarded: 'host="proto=https"' },
  { origin: 'http://shop.example' },
];

test('behind every form of proxy the cookie is Secure and of this host alone', async () => {
  await using own = await startWithClock();
  for (const headers of overHttps) {
    const set = setCookieOf(await logIn(own.service, headers));
    assert.match(set, /^__Host-ctk_session=.*; Path=\/;/, JSON.stringify(headers));
    assert.match(set, /; Secure/, JSON.stringify(headers));
    assert.doesNotMatch(set, /Domain/);
  }
  for (const headers of overHttp) {
    const set = setCookieOf(await logIn(own.service, headers));
    assert.match(set, /^ctk_session=/, JSON.stringify(headers));
    assert.doesNotMatch(set, /Secure/, JSON.stringify(headers));
  }
});

test('over https a cookie without the prefix, which another host may have set, does not count', async () => {
  await using own = await startWithClock();
  const cookie = cookieOf(await logIn(own.service));
  assert.equal((await own.sync(cookie)).status, 200);
  const headers = { cookie, 'x-forwarded-proto': 'https' };
  assert.equal((await call(own.service, { path: '/sync', headers })).status, 401);
});

test('after a logout a copy of the cookie is worth nothing, on no replica', async () => {
  const store = createMemoryStore();
  await using first = await startWithClock(store);
  await using second = await startWithClock(store);
  const [kept, ended] = [cookieOf(await logIn(first.service)), cookieOf(await logIn(first.service))];
  const { status } = await call(first.service, {
    method: 'DELETE',
    path: '/dashboard/session',
    headers: { cookie: ended },
  });
  assert.equal(status, 204);
  assert.equal((await first.sync(ended)).status, 401);
  assert.equal((await second.sync(ended)).status, 401);
  assert.equal((await first.sync(kept)).status, 200);
  assert.equal((await second.sync(kept)).status, 200);
});

test('a record of a logout is short, holds no secret, and goes when its session would have expired', async () => {
  const store = createMemoryStore();
  const logOut = async (own: Awaited<ReturnType<typeof startWithClock>>) => {
    const headers = { cookie: cookieOf(await logIn(own.service)) };
    await call(own.service, { method: 'DELETE', path: '/dashboard/session', headers });
  };
  const records = () => Array.fromAsync(store.list('ctk-ended-sessions'));
  {
    await using own = await startWithClock(store);
    await logOut(own);
    const [record] = await records();
    assert.deepEqual(Object.keys(Object(record?.value)).toSorted(), ['expiresAt', 'format']);
  }
  await using later = await startWithClock(store);
  later.passMinutes(13 * 60);
  await later.sync(cookieOf(await logIn(later.service)));
  assert.deepEqual(await records(), []);
});

test('a session that is not used ends after half an hour; one that is used ends after twelve hours', async () => {
  await using own = await startWithClock();
  const unused = cookieOf(await logIn(own.service));
  let used = unused;
  for (let minutes = 0; minutes < 12 * 60 - 20; minutes += 20) {
    own.passMinutes(20);
    const said = await own.sync(used);
    assert.equal(said.status, 200, `${minutes}`);
    used = cookieOf(said);
    assert.notEqual(used, '', 'renewed by its use');
  }
  assert.equal((await own.sync(unused)).status, 401);
  own.passMinutes(21);
  assert.equal((await own.sync(used)).status, 401);
});

test('a stream that reconnects by itself does not count as use', async () => {
  await using own = await startWithClock();
  const cookie = cookieOf(await logIn(own.service));
  own.passMinutes(20);
  const ends = new AbortController();
  const headers = { cookie, accept: 'text/event-stream' };
  const stream = await fetch(`${own.service}/dashboard/stream`, { headers, signal: ends.signal });
  assert.deepEqual([stream.status, stream.headers.get('set-cookie')], [200, null]);
  ends.abort();
});
