/** The table that decides: what becomes of a message while Klaviyo or commercetools can't, or never will. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { delivery, reference } from '../fixtures/index.ts';
import { call } from '../http/call.ts';
import { changed, newProduct, startCatalogShop } from './catalog-fixture.ts';
import { type Made, newCustomer, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

const withoutRetries = { klaviyo: { retries: 0 }, commercetools: { retries: 0 } };
/** For answers that never come, and of no effect on a busy machine. */
const timeoutSeconds = 2;
let shop: OrderShop;
before(async () => {
  const settings = { klaviyo: { retries: 0, timeoutSeconds }, commercetools: { retries: 0, timeoutSeconds } };
  shop = await startOrderShop({ settings });
});
after(() => shop.stop());

/** An order's message; @returns status and headers of the answer */
async function pushed({ ref, record }: Made, at = shop) {
  const payload = delivery('OrderCreated', ref, { id: randomUUID(), order: record });
  const answer = await at.testEnv.post('/', payload);
  return { status: answer.status, retryAfter: Number(answer.headers.get('retry-after')), said: await answer.text() };
}

const jsonApi = (status: number, code: string) => ({
  kind: 'status' as const,
  status,
  body: { errors: [{ id: '1', status, code, title: code, detail: code, source: {} }] },
  headers: { 'content-type': 'application/vnd.api+json' },
});

describe('Klaviyo cannot now: 503 with Retry-After, never acknowledged, and once in effect when it comes again', () => {
  for (const [what, fault] of Object.entries({
    '429 beyond the timeout': { ...jsonApi(429, 'throttled'), headers: { 'retry-after': '3' } },
    'a server error': jsonApi(500, 'error'),
    'a gateway error in HTML': { kind: 'status' as const, status: 502, body: '<html>bad gateway</html>' },
    'a 403 in HTML (a firewall, not the key)': { kind: 'status' as const, status: 403, body: '<html>denied</html>' },
    'a connection that resets': { kind: 'reset' as const },
    'an answer that never comes': { kind: 'hang' as const },
    'an answer that is lost after the event was recorded': { kind: 'applied-then-lost' as const },
    'an answer that breaks off after the event was recorded': { kind: 'truncate' as const },
  })) {
    test(what, async () => {
      const order = newOrder();
      shop.testEnv.klaviyo.faults.add({ ...fault, path: '/api/event' });
      const { status, retryAfter } = await pushed(order);
      shop.testEnv.klaviyo.faults.clear();
      assert.equal(status, 503);
      assert.ok(retryAfter > 0);
      const again = await settledLater(order);
      assert.equal(again, 204);
      const seen = (await shop.events({ profile: order.email })).map(({ metric }) => metric).toSorted();
      assert.deepEqual(seen, ['Ordered Product', 'Placed Order']);
    });
  }

  /** As the broker does: again, until it is taken. */
  async function settledLater(order: Made): Promise<number> {
    for (;;) {
      const { status } = await pushed(order);
      if (status !== 503) return status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test('Klaviyo is unreachable', async () => {
    await using gone = await startOrderShop({ settings: withoutRetries });
    await gone.testEnv.klaviyo.stop();
    const { status, said } = await pushed(newOrder(), gone);
    assert.equal(status, 503);
    assert.match(said, /Klaviyo can't be reached/);
  });
});

describe('commercetools cannot now: 503, and nothing is taken for none', () => {
  for (const [what, fault] of Object.entries({
    'a server error': { kind: 'status', status: 503 },
    'a connection that resets': { kind: 'reset' },
    'an answer that never comes': { kind: 'hang' },
    'an answer that breaks off': { kind: 'truncate' },
    'too many requests': { kind: 'status', status: 429 },
  })) {
    test(what, async () => {
      const customer = newCustomer();
      await shop.addRecords(customer);
      const outage = await shop.injectFault({ ...fault, path: '^/[^/]+/customers' });
      assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 503);
      await outage.clear();
      assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
      assert.equal((await shop.profile(customer.email)).external_id, customer.id);
    });
  }
});

describe('an unauthorized key: 503, action-required in the log, and /ready fails', () => {
  const actionsRequired = (at: OrderShop) =>
    at.testEnv.logged.filter((line) => line.includes('"action-required"')).length;

  for (const [what, options] of Object.entries({
    "Klaviyo's key": { env: { KLAVIYO_AUTH_KEY: 'pk_other' } },
    "commercetools' client": { env: { CT_API_CLIENT: '{"clientId":"sandbox-client","secret":"wrong"}' } },
  })) {
    test(what, async () => {
      await using refused = await startOrderShop({ settings: withoutRetries, ...options });
      assert.equal((await pushed(newOrder(), refused)).status, 503);
      assert.ok(actionsRequired(refused) > 0);
      assert.equal((await call(refused.testEnv.service, { path: '/ready' })).status, 503);
    });
  }

  test('a missing scope: its messages are retried with action-required; others are delivered', async () => {
    await using limited = await startOrderShop({
      settings: withoutRetries,
      klaviyo: { missingScopes: ['events:write'] },
    });
    assert.equal((await pushed(newOrder(), limited)).status, 503);
    assert.ok(actionsRequired(limited) > 0);
    const customer = newCustomer();
    await limited.addRecords(customer);
    assert.equal(await limited.sendChange('ResourceUpdated', customer.ref), 204);
  });
});

describe('permanent rejections: 202, dead-lettered, not retried', () => {
  for (const [what, fault] of Object.entries({
    'a refusal': jsonApi(400, 'invalid'),
    'too large': jsonApi(413, 'too_large'),
    'not to be processed': jsonApi(422, 'unprocessable'),
  })) {
    test(`${what}: the log has the code and nothing of the order`, async () => {
      const order = newOrder();
      shop.testEnv.klaviyo.faults.add({ ...fault, path: '/api/event' });
      const { status, said } = await pushed(order);
      shop.testEnv.klaviyo.faults.clear();
      assert.equal(status, 202);
      assert.doesNotMatch(said, /example\.com|Torstraße/);
      assert.notDeepEqual(shop.rejectionCodes(order), []);
    });
  }
});

test('answers in a new shape (a retired revision) are noticed: 503, and nothing is deleted or doubled', async () => {
  await using shop = await startCatalogShop({ settings: withoutRetries });
  const made = newProduct();
  await shop.publish(made);
  const before = [await shop.item(made.id), await shop.variants()];
  const body = { data: { items: 'elsewhere now' } };
  shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 200, body, method: 'GET', path: '/api/catalog' });
  await shop.addRecords('product', changed(made, { description: { en: 'New' } }).record);
  assert.equal(await shop.sendMessage('ProductPublished', reference('product', made.id)), 503);
  shop.testEnv.klaviyo.faults.clear();
  assert.deepEqual(await shop.skusOf(made.id), [made.sku, made.sku2].toSorted());
  await shop.publish(made);
  assert.deepEqual([await shop.item(made.id), await shop.variants()], before);
});

test('while a sync runs under the limits that Klaviyo documents, live orders are taken, and nothing is throttled', async () => {
  await using busy = await startOrderShop({ klaviyo: { limits: 1 } });
  const [first, ...orders] = Array.from({ length: 400 }, () => newOrder());
  assert.ok(first);
  await busy.addRecords(first, ...orders);
  assert.equal((await busy.testEnv.post('/sync/orders')).status, 202);
  for (let live = 0; live < 15; live += 1) {
    const order = newOrder();
    assert.equal((await pushed(order, busy)).status, 204);
    assert.equal((await busy.event('Placed Order', order.id)).wouldTriggerFlows, true);
  }
  await busy.testEnv.post('/sync/orders/stop');
  await busy.testEnv.app.settled();
  assert.equal(busy.testEnv.klaviyo.state().throttled, 0);
});

test('several effects of a message: one that cannot now brings all again, and nothing counts twice', async () => {
  const order = newOrder();
  shop.testEnv.klaviyo.faults.add({ ...jsonApi(503, 'error'), path: '/api/event', after: 1, times: 1 });
  assert.equal((await pushed(order)).status, 503);
  shop.testEnv.klaviyo.faults.clear();
  assert.equal((await pushed(order)).status, 204);
  assert.equal((await shop.events({ profile: order.email })).length, 2);
});

test('a message that takes longer than realtime.deadlineSeconds comes again, and is recognised then', async () => {
  await using hurried = await startOrderShop({ settings: { ...withoutRetries, realtime: { deadlineSeconds: 1 } } });
  const order = newOrder();
  hurried.testEnv.klaviyo.faults.add({ kind: 'delay', ms: 1_500, path: '/api/event' });
  const { status, said } = await pushed(order, hurried);
  assert.equal(status, 503);
  assert.match(said, /deadlineSeconds/);
  hurried.testEnv.klaviyo.faults.clear();
  await hurried.testEnv.app.settled();
  assert.equal((await pushed(order, hurried)).status, 204);
  assert.equal((await hurried.events({ profile: order.email })).length, 2);
});

test('no line of the log holds an e-mail, a name, an address, a phone number or a key', () => {
  for (const line of shop.testEnv.logged)
    assert.doesNotMatch(line, /example\.com|Keller|Torstra|0151 2|\+49151|pk_sandbox|sandbox-secret/);
});
