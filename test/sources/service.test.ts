/** The whole service behind each broker: what Klaviyo holds in the end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { customer } from '../fixtures/customer.ts';
import { changeDelivery, delivery } from '../fixtures/message.ts';
import { order } from '../fixtures/order.ts';
import { type Json, startTestEnv, type TestEnv } from '../test-env.ts';
import type { Broker, Kind } from './broker.ts';
import { kafka } from './kafka-broker.ts';
import { push } from './push-broker.ts';
import { sqs } from './sqs-broker.ts';

async function behind(kind: Kind, act: (broker: Broker, testEnv: TestEnv) => Promise<void>): Promise<void> {
  const broker = await kind.start();
  const { env, trusted } = broker;
  const testEnv = await startTestEnv({ env, ...(trusted ? { overrides: { trusted } } : {}) });
  try {
    await broker.pushTo(testEnv.service);
    await act(broker, testEnv);
  } finally {
    await testEnv.stop();
    await broker.stop();
  }
}

/** All is acknowledged, and what followed is done. */
async function settled(broker: Broker, testEnv: TestEnv): Promise<void> {
  for (let left = 1_500; left > 0 && (await broker.pending()) > 0; left -= 1) await sleep(20);
  assert.equal(await broker.pending(), 0);
  await testEnv.app.settled();
}

/** A profile without what Klaviyo gives it by itself. */
async function profile(testEnv: TestEnv): Promise<Json> {
  const [{ id: _id, ...rest } = {}] = await testEnv.profiles();
  return JSON.parse(JSON.stringify(rest, (name, value) => (/^(created|updated)$/.test(name) ? undefined : value)));
}

for (const kind of [push, sqs, kafka]) {
  const skip = kind.missing ?? false;

  test(`${kind.name}: an order becomes events, in either format, and something odd beside it is kept`, { skip }, () =>
    behind(kind, async (broker, testEnv) => {
      const placed = order();
      await testEnv.addRecords('order', placed);
      const about = { typeId: 'order', id: String(placed.id) };
      const message = delivery('OrderCreated', about, { order: placed });
      const event = {
        specversion: '1.0',
        id: 'e',
        type: 'com.commercetools.order.message.OrderCreated',
        source: '/shop',
        data: message,
      };
      const odd = { notificationType: 'Message', id: 7 };
      await broker.send(...[message, odd, event].map((one) => JSON.stringify(one)));
      await settled(broker, testEnv);
      assert.equal((await testEnv.events({ metric: 'Placed Order' })).length, 1);
      assert.equal(testEnv.app.events.counts().unreadable, 1);
    }),
  );

  test(`${kind.name}: two messages of one record end in the same state, whichever comes first`, { skip }, async () => {
    const ends: Json[] = [];
    for (const order of [
      ['ResourceCreated', 'ResourceUpdated'],
      ['ResourceUpdated', 'ResourceCreated'],
    ]) {
      await behind(kind, async (broker, testEnv) => {
        const now = customer();
        await testEnv.addRecords('customer', now);
        const about = { typeId: 'customer', id: String(now.id) };
        for (const type of order) {
          const old = { firstName: type === 'ResourceCreated' ? 'Old' : undefined };
          await broker.send(JSON.stringify({ ...changeDelivery(type, about), ...old }));
        }
        await settled(broker, testEnv);
        ends.push(await profile(testEnv));
      });
    }
    assert.ok(Object.keys(ends[0] ?? {}).length > 0);
    assert.deepEqual(ends[0], ends[1]);
  });
}

test('SQS: what SNS or EventBridge put into the queue is taken out of their envelopes', async () => {
  await behind(sqs, async (broker, testEnv) => {
    const placed = order();
    await testEnv.addRecords('order', placed);
    const message = delivery('OrderCreated', { typeId: 'order', id: String(placed.id) }, { order: placed });
    const fromTopic = { Type: 'Notification', MessageId: 'm', TopicArn: 't', Message: JSON.stringify(message) };
    const fromBus = {
      version: '0',
      id: 'e',
      'detail-type': 'OrderCreated',
      source: 'aws.partner/x',
      detail: { ...message, id: 'of-the-bus' },
    };
    await broker.send(JSON.stringify(fromTopic), JSON.stringify(fromBus));
    await settled(broker, testEnv);
    assert.equal((await testEnv.events({ metric: 'Placed Order' })).length, 1);
    assert.equal(testEnv.app.events.counts()['message-delivered'], 2);
  });
});
