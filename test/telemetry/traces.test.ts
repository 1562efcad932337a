/** What a collector sees of messages and runs; the trace that came with a message goes on. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { delivery } from '../fixtures/index.ts';
import { newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';
import { startTestEnv } from '../test-env.ts';
import { type Collector, type SeenSpan, startCollector } from './collector.ts';

const headers = 'authorization=Bearer%20for-the-collector,x-team=shop';

/** All that happened, once the service has stopped and has sent what it had. */
async function traced(work: (shop: OrderShop) => Promise<void>): Promise<Collector> {
  const collector = await startCollector();
  const shop = await startOrderShop({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: headers },
  });
  try {
    await work(shop);
  } finally {
    await shop.stop();
    await collector.stop();
  }
  return collector;
}

const hex = (bytes: number) =>
  randomUUID()
    .replaceAll('-', '')
    .slice(0, bytes * 2);
/** A trace as it is begun elsewhere. */
function begun() {
  const [traceId, spanId] = [hex(16), hex(8)];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
}

/** The names from a span up to the one that has no parent here. */
function way(spans: readonly SeenSpan[], from: SeenSpan): string[] {
  const parent = spans.find(({ spanId }) => spanId === from.parentSpanId);
  return parent ? [from.name, ...way(spans, parent)] : [from.name];
}

function named(spans: readonly SeenSpan[], name: string): SeenSpan[] {
  return spans.filter((span) => span.name === name);
}

function push({ testEnv }: OrderShop, body: unknown, more: Record<string, string> = {}): Promise<Response> {
  return fetch(`${testEnv.service}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...more },
    body: JSON.stringify(body),
  });
}

test('a push with a traceparent: message, gather, send and the requests are spans of that trace', async () => {
  const { traceId, spanId, traceparent } = begun();
  const order = newOrder();
  const {
    spans,
    services,
    headers: sent,
    said,
  } = await traced(async (shop) => {
    const body = delivery('OrderCreated', order.ref, { id: randomUUID(), order: order.record });
    assert.equal((await push(shop, body, { traceparent })).status, 204);
  });
  assert.deepEqual([...services], ['commercetools-klaviyo']);
  assert.equal(sent[0]?.authorization, 'Bearer for-the-collector');
  const ours = spans.filter((span) => span.traceId === traceId);
  const [message] = named(ours, 'message');
  assert.equal(message?.parentSpanId, spanId);
  assert.deepEqual(
    [message?.attributes['ctk.record.id'], message?.attributes['ctk.outcome'], message?.attributes['ctk.message.type']],
    [order.id, 'delivered', 'OrderCreated'],
  );
  const ways = ours.map((span) => way(ours, span).join(' < '));
  assert.ok(ways.includes('evaluate < message'));
  assert.equal(ways.filter((one) => one === 'POST /api/events < send < message').length, 2);
  assert.ok(
    ways.some((one) => /^GET \/(product-projections|products)/.test(one) && one.endsWith('< evaluate < message')),
    ways.join('\n'),
  );
  assert.ok(!said.join('').includes(order.email), 'no personal data');
  assert.doesNotMatch(said.join(''), /pk_sandbox|sandbox-secret/);
});

test('the trace in the attributes of Pub/Sub, or of a CloudEvent, wins over that of the request', async () => {
  const [inAttributes, inEvent] = [begun(), begun()];
  const { spans } = await traced(async (shop) => {
    const [one, other] = [newOrder(), newOrder()];
    const payload = (order: typeof one) =>
      delivery('OrderCreated', order.ref, { id: randomUUID(), order: order.record });
    const data = Buffer.from(JSON.stringify(payload(one))).toString('base64');
    const attributes = { googclient_traceparent: inAttributes.traceparent };
    await push(shop, { message: { data, attributes, messageId: '1' }, subscription: 's' }, begun());
    const event = { specversion: '1.0', id: '1', type: 't', source: 's', traceparent: inEvent.traceparent };
    await push(shop, { ...event, data: payload(other) }, begun());
  });
  assert.deepEqual(
    named(spans, 'message').map(({ traceId }) => traceId),
    [inAttributes.traceId, inEvent.traceId],
  );
});

test('a page of a run is a trace of its own; what shares a request is linked to it', async () => {
  const { spans } = await traced(async (shop) => {
    await shop.addRecords(newOrder(), ...Array.from({ length: 199 }, () => newOrder()));
    await shop.testEnv.sync('orders');
  });
  const pages = named(spans, 'run page');
  assert.ok(pages.reduce((sum, { attributes }) => sum + Number(attributes['ctk.records']), 0) >= 200);
  assert.ok(
    pages.every(({ parentSpanId, attributes }) => !parentSpanId && attributes['ctk.run.resource'] === 'orders'),
  );
  const [send] = named(spans, 'send');
  assert.ok(send && way(spans, send).join(' < ') === 'send < run page');
  const bodies = spans.filter(({ name }) => /^POST \/api\/event/.test(name));
  assert.ok(bodies.length > 0 && bodies.every((one) => way(spans, one).join(' < ').endsWith('< send < run page')));
  const sends = new Map(named(spans, 'send').map((one) => [one.spanId, one]));
  const linked = bodies.flatMap(({ links }) => links);
  assert.ok(linked.length > 0 && linked.every(({ spanId, traceId }) => sends.get(spanId)?.traceId === traceId));
});

test('a message without a trace begins one, unless the sampler says no', async () => {
  const { spans } = await traced(async (shop) => {
    const { ref, record } = newOrder();
    await shop.sendMessage('OrderCreated', ref, { order: record });
  });
  assert.equal(named(spans, 'message')[0]?.parentSpanId, undefined);
  const collector = await startCollector();
  after(() => collector.stop());
  const { traceId, traceparent } = begun();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '0' };
  const shop = await startOrderShop({ env });
  const body = () => delivery('StoreCreated', { typeId: 'store', id: 's' }, { id: randomUUID() });
  await push(shop, body());
  await push(shop, body(), { traceparent });
  await shop.stop();
  assert.deepEqual(new Set(collector.spans.map((span) => span.traceId)), new Set([traceId]));
});

test('a collector that is away loses spans, not messages: it is said once, and the service stops in time', async () => {
  const shop = await startOrderShop({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } });
  const { ref, record, id } = newOrder();
  assert.equal(await shop.sendMessage('OrderCreated', ref, { order: record }), 204);
  await shop.event('Placed Order', id);
  await shop.stop();
  const lost = shop.testEnv.logged.filter((line) => line.includes('spans are lost: 127.0.0.1:9 does not accept them'));
  assert.equal(lost.length, 1);
});

test('without a collector no spans are exported', async () => {
  await using testEnv = await startTestEnv();
  assert.equal(
    testEnv.logged.some((line) => line.includes('spans')),
    false,
  );
});
