/** What Prometheus sees after messages and runs whose effect is known. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectShop } from '../../sandbox/shop/actors/shop-api.ts';
import { definitions } from '../../src/telemetry/definitions.ts';
import { call } from '../http/call.ts';
import { newCustomer, newOrder, startOrderShop } from '../mapping/order-fixture.ts';
import { startTestEnv } from '../test-env.ts';
import { noPromtool, promtool } from './exposition.ts';
import { scrape } from './scrape.ts';

const now = new Date('2026-03-15T08:00:30.000Z');

test('metrics after known messages: exact counts, delays and dead letters', async () => {
  await using orderShop = await startOrderShop({ overrides: { now: () => now } });
  const { testEnv } = orderShop;
  const [first, second] = [newOrder(), newOrder()];
  // Half a minute before now, and five seconds before.
  const late = { order: first.record, createdAt: '2026-03-15T08:00:00.000Z' };
  assert.equal(await orderShop.sendMessage('OrderCreated', first.ref, late), 204);
  assert.equal(
    await orderShop.sendMessage('OrderCreated', second.ref, {
      order: second.record,
      createdAt: '2026-03-15T08:00:25.000Z',
    }),
    204,
  );
  const refused = newOrder({ customerEmail: 'no e-mail address' });
  assert.equal(await orderShop.sendMessage('OrderCreated', refused.ref, { order: refused.record }), 202);
  assert.equal(await orderShop.sendMessage('StoreCreated', { typeId: 'store', id: 's' }), 204);
  assert.equal(await testEnv.push({ notificationType: 'Event' }), 204);
  assert.equal((await testEnv.post('/', { nothing: 'known' })).status, 400);

  const seen = await scrape(testEnv.service);
  assert.deepEqual(seen.all('ctk_messages_total'), [
    ['dead-lettered', 1],
    ['delivered', 2],
    ['skipped', 1],
  ]);
  assert.deepEqual(seen.all('ctk_rule_messages_total'), [
    ['none', 'skipped', 1],
    ['ordered-product', 'dead-lettered', 1],
    ['ordered-product', 'delivered', 2],
    ['placed-order', 'dead-lettered', 1],
    ['placed-order', 'delivered', 2],
  ]);
  assert.deepEqual(seen.all('ctk_deliveries_unprocessed_total'), [
    ['delivery-ignored', 1],
    ['invalid-envelope', 1],
  ]);
  assert.deepEqual(seen.all('ctk_changes_total'), [
    ['ordered-product', 'realtime', 'delivered', 2],
    ['ordered-product', 'realtime', 'rejected', 1],
    ['placed-order', 'realtime', 'delivered', 2],
    ['placed-order', 'realtime', 'rejected', 1],
  ]);
  const delay = (le: string) => seen.value('ctk_message_delay_seconds_bucket', { resource: 'order', le });
  assert.deepEqual([delay('2.5'), delay('5'), delay('10'), delay('30')], [0, 1, 1, 2]);
  assert.equal(seen.value('ctk_message_delay_seconds_sum', { resource: 'order' }), 35);
  assert.equal(seen.value('ctk_message_handling_seconds_count'), 4);
  assert.equal(seen.value('ctk_api_requests_total', { endpoint: 'createEvent', status: '202' }), 4);
  assert.equal(seen.value('ctk_api_requests_total', { endpoint: 'createEvent', status: '400' }), 2);
  assert.equal(seen.value('ctk_api_request_duration_seconds_count', { endpoint: 'createEvent' }), 6);
  assert.equal(seen.value('ctk_klaviyo_quota_used_requests', { endpoint: 'createEvent' }), 6);
  assert.equal(seen.value('ctk_klaviyo_quota_limit_requests', { endpoint: 'createEvent' }), 3_500);
  const stored = seen.samples.filter(({ name }) => name === 'ctk_dead_letters');
  assert.equal(
    stored.reduce((sum, { value }) => sum + value, 0),
    2,
  );
  assert.equal(seen.all('ctk_dead_letters_stored_total').length, 2);
  assert.deepEqual(seen.all('ctk_changes_waiting'), [
    ['bulk', 0],
    ['cart', 0],
    ['realtime', 0],
  ]);
});

test('after a run the scrape holds what the run counted, and when it was completed', async () => {
  await using orderShop = await startOrderShop({ overrides: { now: () => now } });
  await orderShop.addRecords(newCustomer(), newCustomer(), newCustomer({ email: 'double..dot@example.com' }));
  const run = await orderShop.testEnv.sync('customers');
  assert.deepEqual([run.counts.read, run.counts.delivered, run.counts.rejected], [3, 2, 1]);
  const seen = await scrape(orderShop.testEnv.service);
  const about = ['customers', 'sync', 'completed'];
  assert.deepEqual(seen.all('ctk_run_records'), [
    [...about, 'delivered', 2],
    [...about, 'read', 3],
    [...about, 'rejected', 1],
    [...about, 'skipped', 0],
  ]);
  assert.deepEqual(seen.all('ctk_runs'), [[...about, 1]]);
  assert.deepEqual(seen.all('ctk_run_last_completed_timestamp_seconds'), [
    ['customers', 'sync', now.getTime() / 1_000],
  ]);
  assert.equal(seen.value('ctk_changes_total', { rule: 'profile', lane: 'bulk', outcome: 'delivered' }), 2);
  assert.equal(seen.value('ctk_changes_total', { rule: 'profile', lane: 'bulk', outcome: 'rejected' }), 1);
});

test('each of our subscriptions is 1 while commercetools calls it Healthy, else 0; others are not there', async () => {
  await using testEnv = await startTestEnv();
  const shop = connectShop(testEnv.shop);
  for (const [key, topic] of [
    ['ctk-default-order', 'kept'],
    ['ctk-default-customer', 'lost'],
    ['ctk-staging-order', 'kept'],
  ]) {
    testEnv.shop.pubsub.bind(`projects/cloud/topics/${topic}`, { pushEndpoint: `${testEnv.service}/` });
    const destination = { type: 'GoogleCloudPubSub', projectId: 'cloud', topic };
    await shop.request('POST', 'subscriptions', { key, destination, messages: [{ resourceTypeId: 'order' }] });
  }
  testEnv.shop.pubsub.unbind('projects/cloud/topics/lost');
  const seen = await scrape(testEnv.service);
  assert.deepEqual(seen.all('ctk_subscription_healthy'), [
    ['ctk-default-customer', 0],
    ['ctk-default-order', 1],
  ]);
  assert.deepEqual(seen.all('ctk_api_up'), [
    ['commercetools', 1],
    ['klaviyo', 1],
  ]);
  assert.equal(seen.value('ctk_source_up', { source: 'push' }), 1);
});

test('an unavailable API or store is 0; the other metrics are still reported', async () => {
  const noRetries = { klaviyo: { retries: 0 }, commercetools: { retries: 0 } };
  await using testEnv = await startTestEnv({ settings: noRetries });
  await testEnv.shop.stop();
  const seen = await scrape(testEnv.service);
  assert.equal(seen.value('ctk_api_up', { api: 'commercetools' }), 0);
  assert.equal(seen.value('ctk_api_up', { api: 'klaviyo' }), 1);
  assert.equal(seen.value('ctk_store_up'), 0);
  assert.equal(
    seen.value('ctk_api_requests_total', { api: 'commercetools', endpoint: 'oauth', status: 'none' }) ? 1 : 0,
    1,
  );
});

describe('the scrape as a whole', () => {
  test('declares every metric of the table with its type, beside those of the process, and says which build it is', async () => {
    await using testEnv = await startTestEnv();
    const seen = await scrape(testEnv.service);
    for (const { name, type } of definitions) assert.equal(seen.types.get(name), type, name);
    for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds', 'nodejs_heap_size_used_bytes'])
      assert.ok(seen.types.has(name), name);
    assert.equal(seen.value('ctk_build_info', { node: process.versions.node }), 1);
  });

  test('satisfies promtool', { skip: noPromtool }, async () => {
    await using orderShop = await startOrderShop();
    const { ref, record } = newOrder();
    await orderShop.sendMessage('OrderCreated', ref, { order: record });
    assert.equal(promtool(['check', 'metrics'], (await scrape(orderShop.testEnv.service)).text), undefined);
  });

  test('has few series, however many different codes Klaviyo refuses with', async () => {
    await using orderShop = await startOrderShop();
    for (let nth = 0; nth < 60; nth += 1) {
      orderShop.testEnv.klaviyo.faults.clear();
      const body = JSON.stringify({ errors: [{ code: `code-${nth}`, detail: 'no' }] });
      orderShop.testEnv.klaviyo.faults.add({ kind: 'status', status: 400, body, path: '^/api/events' });
      const { ref, record } = newOrder();
      assert.equal(await orderShop.sendMessage('OrderCreated', ref, { order: record }), 202);
    }
    const seen = await scrape(orderShop.testEnv.service);
    const codes = new Set(seen.all('ctk_dead_letters_stored_total').map(([, code]) => code));
    assert.equal(codes.size, 51);
    assert.ok(codes.has('other'));
    assert.ok(new Set(seen.all('ctk_dead_letters').map(([code]) => code)).size <= 51);
  });

  test('is for who has a token, read-only is enough; without any token for this machine only', async () => {
    const tokens = { API_TOKEN: 'a-token-that-is-long-enough', API_TOKEN_READ_ONLY: 'another-that-may-only-look' };
    await using guarded = await startTestEnv({ env: tokens });
    assert.equal((await fetch(`${guarded.service}/metrics`)).status, 401);
    await scrape(guarded.service, tokens.API_TOKEN);
    await scrape(guarded.service, tokens.API_TOKEN_READ_ONLY);
    await using open = await startTestEnv();
    const behindProxy = await call(open.service, { path: '/metrics', headers: { 'x-forwarded-for': '203.0.113.7' } });
    assert.equal(behindProxy.status, 403);
  });
});
