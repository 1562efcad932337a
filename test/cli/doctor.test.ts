/** `ctk check` as a doctor: what it finds beside keys and scopes, each with the way out. */
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { test } from 'node:test';
import { z } from 'zod';
import { connectShop } from '../../sandbox/shop/actors/shop-api.ts';
import { product } from '../fixtures/index.ts';
import { newOrder, startOrderShop } from '../mapping/order-fixture.ts';
import { writeAsOther } from '../other-app.ts';
import { startTestEnv, type TestEnvOptions } from '../test-env.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const said = z.object({
  ok: z.boolean(),
  findings: z.array(
    z.object({
      what: z.string(),
      state: z.enum(['ok', 'warning', 'problem']),
      detail: z.string(),
      fix: z.string().optional(),
    }),
  ),
});

/** What it says of one thing, as JSON; the exit code is that of `ok`. */
async function diagnosed(env: Record<string, string | undefined>) {
  const { code, out, err } = await ctk(['check', '--json'], env);
  assert.equal(err, '');
  const { ok, findings } = said.parse(JSON.parse(out));
  assert.equal(code, ok ? 0 : 1);
  assert.equal(ok, !findings.some(({ state }) => state === 'problem'));
  return (what: string) => findings.filter((one) => one.what === what);
}

async function check(options: TestEnvOptions = {}) {
  await using testEnv = await startTestEnv(options);
  return await diagnosed(testEnv.env);
}

test('its own version and that of Node are said', async () => {
  const about = await check();
  assert.match(about('version')[0]?.detail ?? '', /^\d+\.\d+\.\d+ on Node 24\./);
});

test('least privilege: unneeded scopes are a warning that lists the required ones', async () => {
  const wide = await check();
  assert.deepEqual(
    ['commercetools scopes, too many', 'Klaviyo scopes, too many'].map((what) => wide(what)[0]?.state),
    ['warning', 'warning'],
  );
  assert.match(wide('commercetools scopes, too many')[0]?.detail ?? '', /^manage_project$/);
  assert.match(wide('commercetools scopes, too many')[0]?.fix ?? '', /limited to view_customers, view_orders/);
  const scopes = ['view_customers', 'view_orders', 'view_payments', 'view_products', 'view_categories'];
  const narrow = await check({ commercetools: { scopes }, klaviyo: { missingScopes: ['flows:read'] } });
  assert.deepEqual(
    ['commercetools scopes, too many', 'Klaviyo scopes, too many'].map((what) => narrow(what)[0]?.state),
    ['ok', 'ok'],
  );
});

test('a clock that is ten minutes off is a problem; both APIs are compared', async () => {
  await using testEnv = await startTestEnv();
  const even = await diagnosed(testEnv.env);
  assert.deepEqual(
    ["clock against commercetools'", "clock against Klaviyo's"].map((what) => even(what)[0]?.state),
    ['ok', 'ok'],
  );
  const later = await startMirror(testEnv.klaviyo.url, 10 * 60_000);
  const odd = await diagnosed({ ...testEnv.env, KLAVIYO_API_URL: later.url });
  await later.stop();
  assert.match(JSON.stringify(odd("clock against Klaviyo's")), /problem.*(5[89]\d|60[01]) s behind.*NTP/);
});

test('each subscription is listed with its health, an unhealthy one with the fix', async () => {
  await using testEnv = await startTestEnv();
  const topic = 'projects/cloud/topics/commercetools';
  testEnv.shop.pubsub.bind(topic, { pushEndpoint: `${testEnv.service}/` });
  await ctk(['subscriptions', 'apply', '--pubsub', topic], testEnv.env);
  const well = await diagnosed(testEnv.env);
  assert.deepEqual(well('subscription ctk-default-order')[0]?.state, 'ok');
  assert.deepEqual(well('subscription for order'), []);
  testEnv.shop.pubsub.unbind(topic);
  const [sick] = (await diagnosed(testEnv.env))('subscription ctk-default-order');
  assert.equal(sick?.state, 'problem');
  assert.match(`${sick?.detail}: ${sick?.fix}`, /ConfigurationError: messages are kept for some days/);
});

test("Klaviyo's metric mapping: nothing yet, then ours, then another metric than ours", async () => {
  await using shop = await startOrderShop();
  const { env } = shop.testEnv;
  const mapping = 'Klaviyo metric mapping revenue';
  const [before] = (await diagnosed(env))(mapping);
  assert.match(`${before?.state} ${before?.detail} ${before?.fix}`, /^warning nothing counts .* first event/);
  const { ref, record } = newOrder();
  await shop.sendMessage('OrderCreated', ref, { order: record });
  assert.deepEqual((await diagnosed(env))(mapping), [{ what: mapping, state: 'ok', detail: 'Placed Order' }]);
  const NODE_CONFIG = JSON.stringify({ order: { metrics: { placedOrder: 'Bought' } } });
  const [other] = (await diagnosed({ ...env, NODE_CONFIG }))(mapping);
  assert.match(
    `${other?.state} ${other?.detail}`,
    /^warning it is Placed Order, so Bought does not count for predictions/,
  );
  assert.match(other?.fix ?? '', /Metric mapping/);
});

test('a key that may not read metrics: the mapping is not checked, and it is said', async () => {
  const about = await check({ klaviyo: { missingScopes: ['metrics:read'] } });
  assert.match(JSON.stringify(about('Klaviyo metric mapping')), /warning.*metrics:read/);
});

test('items that are no products of this project: another feed or app fills the catalogue', async () => {
  await using testEnv = await startTestEnv();
  const source = 'Klaviyo catalogue source';
  assert.match(JSON.stringify((await diagnosed(testEnv.env))(source)), /"ok".*no items yet/);
  await testEnv.addRecords('product', product());
  await testEnv.sync('products');
  assert.match(JSON.stringify((await diagnosed(testEnv.env))(source)), /"ok".*products of this project/);
  const attributes = { external_id: 'SHIRT-1', title: 'Shirt', description: 'None', url: 'https://other.example/1' };
  const shirt = { type: 'catalog-item', attributes };
  assert.equal((await writeAsOther(testEnv.klaviyo.url, '/api/catalog-items', shirt)).status, 201);
  const [found] = (await diagnosed(testEnv.env))(source);
  assert.equal(found?.state, 'warning');
  assert.match(found?.detail ?? '', /^1 of 2 items are no products of this project/);
  assert.match(found?.fix ?? '', /feed or app/);
});

test('settings that make no sense together, each with what to set', async () => {
  await using testEnv = await startTestEnv();
  const settings = {
    order: {
      metrics: { placedOrder: 'Order', refundedOrder: 'Order' },
      properties: { include: ['OrderId', 'Items'], exclude: ['Items'] },
    },
  };
  const about = await diagnosed({
    ...testEnv.env,
    STORE: 'memory',
    RUN_WORKER: 'false',
    PUSH_EVENT_BRIDGE_SECRET: 'a-secret-that-is-long-enough',
    PRODUCT_URL_TEMPLATE: 'https://shop.example/',
    NODE_CONFIG: JSON.stringify(settings),
  });
  const found = about('settings').map(({ state, detail, fix }) => `${state} ${detail}: ${fix}`);
  for (const line of [
    /^problem RUN_WORKER=false with STORE=memory: .*: set STORE=custom-objects/,
    /^problem order.metrics.placedOrder and order.metrics.refundedOrder are both "Order": give each/,
    /^warning order.properties includes and excludes Items/,
    /^warning realtime.deadlineSeconds is 8, and EventBridge waits 5: set it to 4/,
    /^warning PRODUCT_URL_TEMPLATE holds no/,
    /^warning API_TOKEN is not set/,
  ])
    assert.ok(
      found.some((one) => line.test(one)),
      `${line}\n${found.join('\n')}`,
    );
});

test('a subscription whose rules are all disabled is reported', async () => {
  await using testEnv = await startTestEnv({ settings: { disabledEvents: ['InventoryResourceUpdated'] } });
  testEnv.shop.pubsub.bind('projects/cloud/topics/t', { pushEndpoint: `${testEnv.service}/` });
  await connectShop(testEnv.shop).request('POST', 'subscriptions', {
    key: 'ctk-default-inventory-entry',
    destination: { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 't' },
    changes: [{ resourceTypeId: 'inventory-entry' }],
  });
  const [old] = (await diagnosed(testEnv.env))('subscription ctk-default-inventory-entry');
  assert.equal(old?.state, 'warning');
  assert.match(old?.detail ?? '', /no enabled rule needs it/);
});

/** An API whose clock is off. */
async function startMirror(to: string, aheadMs: number) {
  const server = createServer((asked, answer) => {
    const { method, headers, url } = asked;
    const onward = request(`${to}${url}`, { method, headers }, (said) => {
      const date = new Date(Date.now() + aheadMs).toUTCString();
      answer.writeHead(said.statusCode ?? 502, { ...said.headers, date });
      said.pipe(answer);
    });
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { url: `http://127.0.0.1:${port}`, stop: () => new Promise((resolve) => server.close(resolve)) };
}
