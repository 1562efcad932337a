/** `ctk check --fix`: the metrics of Klaviyo's reports and predictions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { reference } from '../fixtures/index.ts';
import { newOrder, newPayment, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { writeAsOther } from '../other-app.ts';
import type { TestEnvOptions } from '../test-env.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const unmapped: TestEnvOptions = { klaviyo: { mappingOfNewMetric: 'none' } };

/** Klaviyo has all metrics of orders after the first events. */
async function withEvents(options: TestEnvOptions = unmapped): Promise<OrderShop> {
  const shop = await startOrderShop(options);
  const payment = newPayment();
  await shop.addRecords(payment);
  const order = newOrder({ orderState: 'Cancelled', paymentInfo: { payments: [reference('payment', payment.id)] } });
  await shop.addRecords(order);
  await shop.sync('orders', [order]);
  return shop;
}

async function fix(shop: OrderShop, ...args: string[]) {
  return (await ctk(['check', '--fix', ...args], shop.testEnv.env)).out.split('\n');
}
const settings = (lines: string[]) => lines.filter((line) => line.startsWith('~ set '));
const findings = (lines: string[], state: string) =>
  lines.filter((line) => line.startsWith(state) && line.includes('Klaviyo metric mapping'));

test('in a new account --fix maps all metrics of orders at once, and nothing the second time', async () => {
  await using shop = await withEvents();
  const first = await fix(shop);
  assert.ok(first.includes('~ revenue: nothing → Placed Order'));
  assert.equal(settings(first).length, 4);
  assert.equal(findings(first, 'ok').length, 4);
  assert.deepEqual(settings(await fix(shop)), []);
});

test('before the first event there is no metric to map', async () => {
  await using shop = await startOrderShop(unmapped);
  const lines = await fix(shop);
  assert.deepEqual([settings(lines), findings(lines, 'warning').length], [[], 4]);
});

const metrics = z.object({
  data: z.array(z.object({ id: z.string(), attributes: z.object({ integration: z.object({ name: z.string() }) }) })),
});

/** Another integration has the mapping. */
async function mappedToShopify({ testEnv: { klaviyo } }: OrderShop): Promise<void> {
  const metric = { data: { type: 'metric', attributes: { name: 'Placed Order', service: 'Shopify' } } };
  const profile = { data: { type: 'profile', attributes: { email: 'mia@example.com' } } };
  const event = { type: 'event', attributes: { metric, profile, properties: {}, unique_id: 'of-shopify' } };
  assert.equal((await writeAsOther(klaviyo.url, '/api/events', event)).status, 202);
  const headers = { authorization: 'Klaviyo-API-Key pk_sandbox', revision: '2026-07-15' };
  const listed = metrics.parse(await (await fetch(`${klaviyo.url}/api/metrics`, { headers })).json());
  const id = listed.data.find(({ attributes }) => attributes.integration.name === 'Shopify')?.id;
  const relationships = { metric: { data: { type: 'metric', id } } };
  const mapping = { type: 'mapped-metric', id: 'revenue', relationships };
  assert.equal((await writeAsOther(klaviyo.url, '/api/mapped-metrics/revenue', mapping)).status, 200);
}

test("another integration's metric is left and named, even with our name; --yes replaces it", async () => {
  await using shop = await withEvents();
  await mappedToShopify(shop);
  const left = await fix(shop);
  assert.ok(left.includes('  revenue: Placed Order of Shopify stays; --yes replaces it with Placed Order'));
  assert.equal(settings(left).length, 3);
  assert.match(
    findings(left, 'warning').join(),
    /revenue: it is Placed Order of Shopify, so Placed Order does not count/,
  );
  assert.deepEqual(settings(await fix(shop, '--yes')), ['~ set revenue: Placed Order']);
});

test('a metric of ours under a former name is replaced', async () => {
  await using shop = await withEvents({});
  const order = newOrder();
  await shop.addRecords(order);
  const NODE_CONFIG = JSON.stringify({ order: { metrics: { placedOrder: 'Bought' } } });
  const env = { ...shop.testEnv.env, NODE_CONFIG };
  await ctk(['sync', 'orders', '--ids', order.id], env);
  const { out } = await ctk(['check', '--fix'], env);
  assert.match(out, /^~ revenue: Placed Order → Bought$/m);
  assert.match(out, /^~ set revenue: Bought$/m);
});

test('a key without metrics:write: --fix says which scope is missing', async () => {
  await using shop = await withEvents({ klaviyo: { mappingOfNewMetric: 'none', missingScopes: ['metrics:write'] } });
  const lines = await fix(shop);
  assert.deepEqual(settings(lines), []);
  assert.match(lines.join('\n'), /make a private key with metrics:write/);
});
