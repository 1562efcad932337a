/** What the service answers to what it can't take: a status that says whose turn it is, and a reason that says what to do. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestEnv, type TestEnv } from '../test-env.ts';
import { call, post } from './call.ts';

let testEnv: TestEnv;
let service: string;
before(async () => {
  testEnv = await startTestEnv();
  service = testEnv.service;
});
after(() => testEnv.stop());

const json = { 'content-type': 'application/json' };

test('an unknown path says where the known ones are listed', async () => {
  const { status, error } = await call(service, { path: '/synch/orders?email=ann@example.com' });
  assert.deepEqual([status, error], [404, 'there is no GET /synch/orders here; GET /openapi.json lists what there is']);
});

test('an unknown resource names the known ones', async () => {
  const { status, error } = await post(service, '/sync/baskets', {});
  assert.equal(status, 404);
  assert.match(error, /customers, orders, categories, products/);
});

test('a wrong method names the right one', async () => {
  const root = await call(service, { method: 'PUT', path: '/' });
  assert.deepEqual([root.status, root.headers.allow, root.error], [405, 'GET, POST', '/ takes GET and POST, not PUT']);
  const sync = await call(service, { method: 'DELETE', path: '/sync/orders' });
  assert.deepEqual([sync.status, sync.headers.allow], [405, 'GET, POST']);
});

test('an invalid percent-encoding is answered 400', async () => {
  const { status, error } = await call(service, { path: '/sync/%zz' });
  assert.equal(status, 400);
  assert.match(error, /percent-encoded/);
});

test('what is not JSON is named so, without repeating it', async () => {
  for (const path of ['/', '/sync/orders']) {
    const { status, error } = await post(service, path, '{"email": "ann@example.com"');
    assert.equal(status, 400, path);
    assert.match(error, /^the body is not JSON; send /);
  }
});

test('another content type names the right one', async () => {
  const { status, error } = await call(service, {
    method: 'POST',
    path: '/sync/orders',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'ids=a',
  });
  assert.equal(status, 415);
  assert.match(error, /Content-Type: application\/json/);
});

test('more than 10 MB is too much', async () => {
  const { status, error } = await post(service, '/sync/orders', { ids: ['x'.repeat(10 * 1024 * 1024)] });
  assert.equal(status, 413);
  assert.match(error, /larger than 10485760 bytes/);
});

test('an empty push is a broken envelope', async () => {
  for (const headers of [{}, json]) {
    const { status, error } = await call(service, { method: 'POST', path: '/', headers });
    assert.deepEqual([status, error], [400, 'the body is no JSON object']);
  }
});

test('a push that is no message of commercetools is a broken envelope', async () => {
  for (const body of [[], 'text', 5, null, {}, { message: {} }, { message: { data: '%%%' } }]) {
    const { status, error } = await post(service, '/', body === null ? 'null' : body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.notEqual(error, '');
  }
});

test('a sync body that could mean "everything" by mistake is rejected', async () => {
  const wrong: [unknown, RegExp][] = [
    [{ ids: [] }, /^ids: must not be empty; leave it out to sync everything/],
    [{ ids: 'a,b' }, /^ids: must be a list of ids such as \["a","b"\]/],
    [{ ids: [1] }, /^ids\.0: /],
    [{ ids: [''] }, /^ids\.0: /],
    [{ ids: null }, /^ids: must be a list/],
    [{ id: 'a' }, /"id"/],
    [{ startId: '' }, /^startId: /],
    [{ startId: 'a', ids: ['b'] }, /^ids and startId: give one of them/],
    [{ deleteAll: true }, /^deleteAll: only categories and products/],
    [{ backfill: 'no' }, /^backfill: /],
    [['a'], /the body: /],
    ['"everything"', /the body: /],
  ];
  for (const [body, expected] of wrong) {
    const { status, error } = await post(service, '/sync/orders', body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(error, expected);
  }
  assert.deepEqual(await testEnv.app.runs.list(), []);
});

test('options that a resource does not support are rejected with the reason', async () => {
  const wrong: [string, unknown, RegExp][] = [
    ['customers', { startId: 'a' }, /only orders can be synced from an id on/],
    ['customers', { backfill: false }, /only orders and carts become events/],
    ['customers', { deleteAll: true, confirmDeletion: 'customers' }, /only categories and products can be deleted/],
    ['products', { deleteAll: true }, /^confirmDeletion: must be "products": it deletes all products in Klaviyo/],
    ['products', { deleteAll: true, confirmDeletion: 'categories' }, /must be "products"/],
    ['products', { deleteAll: false, confirmDeletion: 'products' }, /goes with deleteAll/],
    ['categories', { deleteAll: true, confirmDeletion: 'categories', ids: ['a'] }, /^ids and deleteAll/],
  ];
  for (const [resource, body, expected] of wrong) {
    const { status, error } = await post(service, `/sync/${resource}`, body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.match(error, expected);
  }
  assert.deepEqual(await testEnv.app.runs.list(), []);
});

test('unknown ids are counted as skipped, with the reason', async () => {
  const run = await testEnv.sync('customers', { ids: ['nobody'] });
  assert.deepEqual(
    [run.state, run.counts.skipped, run.counts.reasons],
    ['completed', 1, { 'no record with this id': 1 }],
  );
});

test('no body, an empty one, {} and null all mean everything', async () => {
  for (const asked of [
    { headers: {} },
    { headers: json },
    { headers: json, body: '{}' },
    { headers: json, body: 'null' },
  ]) {
    const { status } = await call(service, { method: 'POST', path: '/sync/categories', ...asked });
    assert.equal(status, 202, JSON.stringify(asked));
    await testEnv.app.settled();
  }
});

test('a stop is answered 200 whether something runs or not', async () => {
  const { status, json: said } = await call(service, { method: 'POST', path: '/sync/orders/stop' });
  assert.deepEqual([status, said], [200, { message: 'no sync of orders is running' }]);
});
