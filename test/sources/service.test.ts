/** The whole service with each broker, and the records in Klaviyo at the end. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { customer } from '../fixtures/customer.ts';
import { changeDelivery, delivery } from '../fixtures/message.ts';
import { lineItem, order } from '../fixtures/order.ts';
import { type Json, startTestEnv, type TestEnv } from '../test-env.ts';
import type { Broker, Kind } from './broker.ts';
import { kafka } from './kafka-broker.ts';
import { push } from './push-broker.ts';
import { sqs } from './sqs-broker.ts';

const kinds: Kind[] = [push, sqs, kafka];

interface Setup {
  broker: Broker;
  testEnv: TestEnv;
}

/** Starts a broker and a service that receives from it. */
async function setUp(kind: Kind): Promise<Setup> {
  const broker = await kind.start();
  const { env, trusted } = broker;
  const testEnv = await startTestEnv({ env, ...(trusted ? { overrides: { trusted } } : {}) });
  await broker.pushTo(testEnv.service);
  return { broker, testEnv };
}

/** Resolves when all messages are acknowledged and their effects are done. */
async function settled({ broker, testEnv }: Setup): Promise<void> {
  for (let left = 1_500; left > 0 && (await broker.pending()) > 0; left -= 1) await sleep(20);
  assert.equal(await broker.pending(), 0);
  await testEnv.app.settled();
}

/** A profile without its identifiers and the attributes that Klaviyo sets. */
async function profile(testEnv: TestEnv, externalId: string): Promise<Json> {
  const found = (await testEnv.profiles()).find(({ external_id }) => external_id === externalId);
  const ignored = /^(id|external_id|email|created|updated)$/;
  return JSON.parse(JSON.stringify(found ?? {}, (name, value) => (ignored.test(name) ? undefined : value)));
}

/** An order that has not been sent before, with its message. */
function newOrder(): { placed: Json; message: Json } {
  const placed = order({ id: randomUUID(), lineItems: [lineItem({ id: randomUUID() })] });
  const ref = { typeId: 'order', id: String(placed.id) };
  return { placed, message: delivery('OrderCreated', ref, { id: randomUUID(), order: placed }) };
}

describe('the service behind', { concurrency: kinds.length }, () => {
  for (const kind of kinds)
    describe(kind.name, { concurrency: 1, skip: kind.missing ?? false }, () => {
      let setup: Setup;
      before(async () => {
        setup = await setUp(kind);
      });
      after(async () => {
        await setup.testEnv.stop();
        await setup.broker.stop();
      });

      test('an order is delivered once in either message format; an unreadable message is a dead letter', async () => {
        const { broker, testEnv } = setup;
        const { placed, message } = newOrder();
        await testEnv.addRecords('order', placed);
        const event = {
          specversion: '1.0',
          id: 'e',
          type: 'com.commercetools.order.message.OrderCreated',
          source: '/shop',
          data: message,
        };
        const unreadable = { notificationType: 'Message', id: 7 };
        await broker.send(...[message, unreadable, event].map((body) => JSON.stringify(body)));
        await settled(setup);
        assert.equal((await testEnv.events({ metric: 'Placed Order', unique_id: String(placed.id) })).length, 1);
        assert.equal(testEnv.app.events.counts().unreadable, 1);
      });

      test('two messages of a record have the same result in either order', async () => {
        const { broker, testEnv } = setup;
        const results: Json[] = [];
        for (const [index, types] of [
          ['ResourceCreated', 'ResourceUpdated'],
          ['ResourceUpdated', 'ResourceCreated'],
        ].entries()) {
          const current = customer({ id: randomUUID(), email: `${index}@example.com`, addresses: [] });
          await testEnv.addRecords('customer', current);
          const ref = { typeId: 'customer', id: String(current.id) };
          for (const type of types) {
            const outdated = { firstName: type === 'ResourceCreated' ? 'Old' : undefined };
            await broker.send(JSON.stringify({ ...changeDelivery(type, ref), ...outdated }));
          }
          await settled(setup);
          results.push(await profile(testEnv, String(current.id)));
        }
        assert.ok(Object.keys(results[0] ?? {}).length > 0);
        assert.deepEqual(results[0], results[1]);
      });

      if (kind !== sqs) return;
      test('the envelopes of SNS and EventBridge in the queue are unwrapped', async () => {
        const { broker, testEnv } = setup;
        const before = testEnv.app.events.counts()['message-delivered'] ?? 0;
        const { placed, message } = newOrder();
        await testEnv.addRecords('order', placed);
        const fromTopic = { Type: 'Notification', MessageId: 'm', TopicArn: 't', Message: JSON.stringify(message) };
        const fromBus = {
          version: '0',
          id: 'e',
          'detail-type': 'OrderCreated',
          source: 'aws.partner/x',
          detail: { ...message, id: 'of-the-bus' },
        };
        await broker.send(JSON.stringify(fromTopic), JSON.stringify(fromBus));
        await settled(setup);
        assert.equal((await testEnv.events({ metric: 'Placed Order', unique_id: String(placed.id) })).length, 1);
        assert.equal(testEnv.app.events.counts()['message-delivered'], before + 2);
      });
    });
});
