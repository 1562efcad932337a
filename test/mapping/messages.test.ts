/** What a delivery may look like: every envelope and every kind of notification, and what it is answered. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { changeDelivery, delivery, id, type Json, reference, withoutPayload } from '../fixtures/index.ts';
import { newCustomer, newOrder, newPayment, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const encoded = (payload: unknown) => Buffer.from(JSON.stringify(payload)).toString('base64');
const pubSub = (data: unknown): Json => ({
  message: { data, messageId: '1', publishTime: '2026-03-15T08:00:00Z' },
  subscription: 'projects/cloud/subscriptions/ctk',
});
const cloudEvent = (data: Json): Json => ({
  specversion: '1.0',
  id: randomUUID(),
  type: 'com.commercetools.order.message.OrderCreated',
  source: '/shop/orders',
  time: '2026-03-15T08:00:00.000Z',
  subject: 'order',
  dataref: '/shop/messages/1',
  data,
});

/** @returns the status of the answer, when all that follows is done too */
async function pushed(body: unknown, at: OrderShop = shop): Promise<number> {
  const answer = await at.testEnv.post('/', body);
  await answer.text();
  await at.testEnv.app.settled();
  return answer.status;
}

/** Something of the log about deliveries that no rule was asked about. */
const ignoredDeliveries = (at: OrderShop = shop) =>
  at.testEnv.logged
    .filter((line) => line.includes('"delivery-ignored"'))
    .map((line) => String(Object(JSON.parse(line)).reason));

const envelopes: Record<string, (payload: Json) => unknown> = {
  'a Pub/Sub push with base64': (payload) => pubSub(encoded(payload)),
  'a Pub/Sub push with plain JSON text': (payload) => pubSub(JSON.stringify(payload)),
  'a Pub/Sub push with the payload as an object': (payload) => pubSub(payload),
  'the plain payload': (payload) => payload,
  'a CloudEvent': cloudEvent,
  'a CloudEvent in a Pub/Sub push': (payload) => pubSub(encoded(cloudEvent(payload))),
};

for (const [env, at] of Object.entries({
  'without SKIP_BASE64_DECODE': {},
  'with SKIP_BASE64_DECODE=true': { SKIP_BASE64_DECODE: 'true' },
  'with SKIP_BASE64_DECODE=no': { SKIP_BASE64_DECODE: 'no' },
})) {
  describe(`an order arrives in any envelope, ${env}`, () => {
    let own: OrderShop;
    before(async () => {
      own = await startOrderShop({ env: at });
    });
    after(() => own.stop());

    for (const [name, wrap] of Object.entries(envelopes)) {
      test(name, async () => {
        const order = newOrder();
        const payload = delivery('OrderCreated', order.ref, { id: randomUUID(), order: order.record });
        assert.equal(await pushed(wrap(payload), own), 204);
        assert.equal((await own.event('Placed Order', order.id)).value, 122.8);
      });
    }
  });
}

describe('payloadNotIncluded, an object whose payloadType is the type: the record is fetched', () => {
  test('of an order', async () => {
    const order = newOrder();
    await shop.addRecords(order);
    assert.equal(await shop.sendWithoutPayload('OrderCreated', order.ref), 204);
    assert.equal((await shop.event('Placed Order', order.id)).profile.email, order.email);
  });

  test('of a payment, in a CloudEvent', async () => {
    const payment = newPayment();
    const order = newOrder({ paymentInfo: { payments: [payment.ref] } });
    await shop.addRecords(payment);
    await shop.addRecords(order);
    const payload = { ...withoutPayload('PaymentTransactionAdded', payment.ref), id: randomUUID() };
    assert.equal(await pushed(cloudEvent(payload)), 204);
    assert.equal((await shop.event('Refunded Order', order.id)).value, 59.9);
  });

  test('where the type stands beside it, it is the same', async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    const payload = { ...withoutPayload('CustomerCreated', customer.ref), id: randomUUID(), type: 'CustomerCreated' };
    assert.equal(await pushed(payload), 204);
    assert.equal((await shop.profile(customer.email)).external_id, customer.id);
  });
});

describe('what is about nothing that is synced is acknowledged', () => {
  test("commercetools' test notification", async () => {
    const notification = changeDelivery('ResourceCreated', reference('subscription', id('5b1')));
    assert.equal(await pushed(pubSub(encoded(notification))), 204);
    assert.equal(await pushed(cloudEvent(notification)), 204);
    assert.ok(ignoredDeliveries().includes('the test notification of a subscription'));
  });

  test('a message of an unknown type, with the reason', async () => {
    const order = newOrder();
    assert.equal(await shop.sendMessage('OrderTeleported', order.ref, { order: order.record }), 204);
    assert.deepEqual(shop.reasons(order), ['no rule is triggered by OrderTeleported of order']);
  });

  test('a message of an unknown resource, with the reason', async () => {
    const quote = { ...newOrder(), ref: reference('quote-request', randomUUID()) };
    assert.equal(await shop.sendMessage('QuoteRequestCreated', quote.ref), 204);
  });

  test('a notification of an unknown kind, and an event', async () => {
    assert.equal(await pushed({ notificationType: 'ResourceTeleported', resource: reference('order', 'x') }), 204);
    assert.equal(await pushed({ notificationType: 'Event', type: 'CheckoutOrderCreated' }), 204);
    const ignored = ignoredDeliveries();
    assert.ok(ignored.includes('a notification of an unknown type'));
    assert.ok(ignored.includes('an event of checkout or the import API'));
  });

  test('a known message about another resource than its own', async () => {
    const customer = newCustomer();
    assert.equal(await shop.sendMessage('OrderCreated', customer.ref, { order: newOrder().record }), 204);
    assert.deepEqual(await shop.events({ profile: customer.email }), []);
  });
});

describe('a resource that is gone when it is fetched is skipped with the reason', () => {
  test('order, customer, payment', async () => {
    const [order, customer, payment] = [newOrder(), newCustomer(), newPayment()];
    assert.equal(await shop.sendMessage('OrderStateChanged', order.ref, { orderState: 'Cancelled' }), 204);
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
    assert.equal(await shop.sendMessage('PaymentTransactionAdded', payment.ref), 204);
    assert.deepEqual(shop.reasons(order), ['the order no longer exists']);
    assert.deepEqual(shop.reasons(customer), ['the customer no longer exists']);
    assert.deepEqual(shop.reasons(payment), ['no order has this payment']);
  });

  test('except a deletion, which is made so', async () => {
    assert.equal(await shop.sendChange('ResourceDeleted', reference('product', randomUUID())), 204);
    assert.equal(await shop.sendChange('ResourceDeleted', reference('category', randomUUID())), 204);
  });
});

test('a B2B order: store and business unit pass on raw', async () => {
  const store = { typeId: 'store', key: 'berlin' };
  const businessUnit = { typeId: 'business-unit', key: 'keller' };
  const { properties } = await shop.placed({ store, businessUnit });
  assert.deepEqual([properties.store, properties.businessUnit], [store, businessUnit]);
});

describe('an order that is no order, in a good envelope', () => {
  const answered = async (payload: Json) => {
    const answer = await shop.testEnv.post('/', payload);
    return { status: answer.status, said: await answer.text() };
  };

  test('is dead-lettered with 202; the log names the field but not its value', async () => {
    const order = newOrder({ lineItems: 'none of your business' });
    const payload = delivery('OrderCreated', order.ref, { id: randomUUID(), order: order.record });
    assert.deepEqual(await answered(payload), { status: 202, said: '{"deadLettered":["unreadable"]}' });
    assert.deepEqual(shop.rejectionCodes(order), ['unreadable']);
    const lines = shop.testEnv.logged.filter((line) => line.includes(order.id)).join();
    assert.match(lines, /lineItems/);
    assert.doesNotMatch(lines, /none of your business|example\.com/);
  });

  test('a message without a resource is dead-lettered without its content', async () => {
    const { ref: _, record } = newOrder();
    const { resource: _gone, ...broken } = delivery('OrderCreated', {}, { id: randomUUID(), order: record });
    assert.deepEqual(await answered(broken), { status: 202, said: '{"deadLettered":["unreadable"]}' });
    const lines = shop.testEnv.logged.filter((line) => line.includes('"unreadable"')).join();
    assert.match(lines, /resource/);
    assert.doesNotMatch(lines, /example\.com/);
  });
});

test('a redelivery while the first delivery is under way joins it: both are answered, one event', async () => {
  const order = newOrder();
  const payload = delivery('OrderCreated', order.ref, { id: randomUUID(), order: order.record });
  const answers = await Promise.all([1, 2, 3, 4].map(() => pushed(pubSub(encoded(payload)))));
  assert.deepEqual(answers, [204, 204, 204, 204]);
  assert.equal((await shop.events({ metric: 'Placed Order', profile: order.email })).length, 1);
});
