/** Tests of subscriptions and the delivery of their notifications. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { connectShop, type ShopApi } from '../shop/actors/shop-api.ts';
import { type PushReceiver, startPushReceiver } from './push-receiver.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';

let sandbox: CommercetoolsSandbox;
let receiver: PushReceiver;
let api: ShopApi;
const destination = { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 'changes' };
const subscriptionSchema = z.looseObject({ id: z.string(), version: z.number(), status: z.string() });

beforeEach(async () => {
  receiver = await startPushReceiver();
  sandbox = await startCommercetoolsSandbox({
    record: false,
    redelivery: { firstRetryMs: 10, maxRetryMs: 40, ackDeadlineMs: 500 },
    maxPayloadBytes: 20_000,
  });
  api = connectShop(sandbox);
});
afterEach(async () => {
  await sandbox.stop();
  await receiver.stop();
});

async function bind(): Promise<void> {
  await control('PUT', 'pubsub/topics/cloud/changes', { pushEndpoint: receiver.url });
}

async function control(method: string, path: string, body?: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${sandbox.url}/sandbox/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, `${path} answered ${response.status}`);
  return response.status === 204 ? undefined : response.json();
}

async function idle(): Promise<void> {
  while (sandbox.pubsub.pending > 0) await pause(5);
}

function subscribe(fields: Record<string, unknown> = {}) {
  const draft = {
    key: 'ours',
    destination,
    messages: [{ resourceTypeId: 'customer', types: ['CustomerCreated'] }],
    changes: [{ resourceTypeId: 'customer' }],
  };
  return api.request('POST', 'subscriptions', { ...draft, ...fields });
}

const register = (email: string, fields: Record<string, unknown> = {}) =>
  api.request('POST', 'customers', { email, password: 'secret', ...fields });

test('a subscription is rejected while its topic is unbound, and tested on creation', async () => {
  assert.equal((await subscribe()).status, 400);
  await bind();
  assert.equal((await subscribe()).status, 201);
  assert.deepEqual(
    receiver.payloads.map(({ notificationType, resource }) => [notificationType, resource?.typeId]),
    [['ResourceCreated', 'subscription']],
  );
});

test('creation fails if the endpoint rejects the test notification', async () => {
  await bind();
  receiver.responseStatuses = [500];
  assert.equal((await subscribe()).status, 400);
});

test('drafts without messages and changes, or with unknown types, are rejected', async () => {
  await bind();
  assert.equal((await subscribe({ messages: [], changes: [] })).status, 400);
  assert.equal((await subscribe({ messages: [{ resourceTypeId: 'cart' }] })).status, 400);
  assert.equal(
    (await subscribe({ destination: { type: 'EventGrid', uri: 'https://e.example', accessKey: 'k' } })).status,
    400,
  );
});

test('only subscribed messages and changes are delivered', async () => {
  await bind();
  await subscribe();
  await register('new@example.com');
  await api.request('POST', 'categories', { name: { en: 'Unasked' }, slug: { en: 'unasked' } });
  await idle();
  assert.deepEqual(receiver.labels().sort(), ['CustomerCreated', 'ResourceCreated customer']);
  const message = receiver.payloads.find(({ type }) => type === 'CustomerCreated');
  assert.deepEqual(
    [
      message?.projectKey,
      message?.sequenceNumber,
      message?.resourceVersion,
      z.object({ email: z.string() }).parse(message?.customer).email,
    ],
    ['shop', 1, 1, 'new@example.com'],
  );
});

test('an unacknowledged push is retried until acknowledged', async () => {
  await bind();
  await subscribe({ changes: [] });
  receiver.responseStatuses = [500, 503, 429];
  await register('again@example.com');
  await idle();
  assert.deepEqual(
    receiver.labels(),
    Array.from({ length: 4 }, () => 'CustomerCreated'),
  );
  assert.equal(new Set(receiver.messageIds.slice(1)).size, 1);
  const report = z
    .object({ byStatus: z.record(z.string(), z.number()), pending: z.number() })
    .parse(await control('GET', 'deliveries'));
  assert.deepEqual(
    [report.byStatus['500'], report.byStatus['503'], report.byStatus['429'], report.pending],
    [1, 1, 1, 0],
  );
});

test('an oversized payload is sent as payloadNotIncluded', async () => {
  await bind();
  await subscribe({ changes: [] });
  await register('large@example.com', { firstName: 'x'.repeat(30_000) });
  await idle();
  const { payloadNotIncluded, type } = receiver.payloads.at(-1) ?? {};
  assert.equal(type, undefined);
  assert.equal(z.object({ payloadType: z.string() }).parse(payloadNotIncluded).payloadType, 'CustomerCreated');
});

test('CloudEvents contain the same payload', async () => {
  await bind();
  await subscribe({ format: { type: 'CloudEvents', cloudEventsVersion: '1.0' } });
  await register('cloud@example.com');
  await idle();
  const types = receiver.payloads.map(({ type }) => type).sort();
  assert.deepEqual(types, [
    'com.commercetools.customer.change.ResourceCreated',
    'com.commercetools.customer.message.CustomerCreated',
    'com.commercetools.subscription.change.ResourceCreated',
  ]);
});

test('a subscription can be updated, read by key and deleted; its health reflects its topic', async () => {
  await bind();
  await subscribe();
  const subscription = await api.get('subscriptions/key=ours', subscriptionSchema);
  assert.equal(subscription.status, 'Healthy');
  const actions = [
    { action: 'setMessages', messages: [] },
    { action: 'setKey', key: 'renamed' },
  ];
  const changed = await api.post(
    `subscriptions/${subscription.id}`,
    { version: subscription.version, actions },
    subscriptionSchema,
  );
  assert.deepEqual(changed.messages, []);
  assert.equal((await api.request('POST', `subscriptions/${subscription.id}`, { version: 1, actions })).status, 409);
  const health = () =>
    fetch(`${sandbox.url}/shop/subscriptions/${subscription.id}/health`).then(({ status }) => status);
  assert.equal(await health(), 200);
  await control('DELETE', 'pubsub/topics/cloud/changes');
  assert.equal(await health(), 400);
  assert.equal((await api.request('DELETE', `subscriptions/key=renamed?version=${changed.version}`)).status, 200);
  assert.equal((await api.request('GET', `subscriptions/${subscription.id}`)).status, 404);
});

test('notifications are retained while a topic is unbound and delivered afterwards', async () => {
  await bind();
  await subscribe({ changes: [] });
  await control('DELETE', 'pubsub/topics/cloud/changes');
  await register('kept@example.com');
  assert.deepEqual(await control('GET', 'idle'), { idle: false, pending: 1 });
  await bind();
  await idle();
  assert.deepEqual(receiver.labels(), ['CustomerCreated']);
});

test('no more than 50 subscriptions are accepted, and secrets are masked', async () => {
  const sqs = {
    type: 'SQS',
    queueUrl: 'https://sqs.example/q',
    region: 'eu',
    accessKey: 'AKIA123456',
    accessSecret: 'topsecret',
  };
  for (let number = 1; number <= 50; number += 1) {
    assert.equal((await subscribe({ key: `key-${number}`, destination: sqs })).status, 201);
  }
  assert.equal((await subscribe({ key: 'one-too-many', destination: sqs })).status, 400);
  const shown = JSON.stringify(await api.get('subscriptions/key=key-1', z.unknown()));
  assert.ok(!shown.includes('topsecret') && !shown.includes('AKIA123456'));
});

test('custom payloads, duplicates and reordering can be injected', async () => {
  await bind();
  await control('PUT', 'deliveries/disorder', { duplicateEvery: 2, reorderWindow: 3 });
  await control('POST', 'deliver', { payload: { type: 'first' } });
  await control('POST', 'deliver', { payload: { type: 'second' } });
  await idle();
  assert.deepEqual(receiver.payloads.map(({ type }) => type).sort(), ['first', 'second', 'second']);
});

test('a reset clears everything except topic bindings', async () => {
  await bind();
  await subscribe();
  await register('gone@example.com');
  await control('POST', 'reset');
  assert.equal((await api.get('customers', z.object({ count: z.number() }))).count, 0);
  assert.equal((await api.get('subscriptions', z.object({ count: z.number() }))).count, 0);
  assert.equal((await register('gone@example.com')).status, 201);
});
