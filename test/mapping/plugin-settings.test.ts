/** Settings of the open-source plugin, taken literally: its shipped files, and the wording of its documentation. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { readConfig } from '../../src/config/config.ts';
import { requiredSubscriptions } from '../../src/rules/required-subscriptions.ts';
import { environment, folder } from '../fixtures/environment.ts';
import { changeDelivery, delivery, type Json, reference, withoutPayload } from '../fixtures/index.ts';
import { startTestEnv } from '../test-env.ts';
import { newCustomer, newOrder, startOrderShop } from './order-fixture.ts';

const destination = { type: 'GoogleCloudPubSub', projectId: 'p', topic: 't' } as const;

/** The configuration of a service with these settings. */
const configOf = (settings: Json) => readConfig(environment({ NODE_CONFIG: JSON.stringify(settings) }));

/** What the service subscribes to for a resource, with these settings. */
function subscriptionOf(typeId: string, settings: Json) {
  const { groups, rules, environment } = configOf(settings);
  const drafts = requiredSubscriptions({ groups, settings: rules, environment, destination });
  const draft = drafts.find(({ key }) => key.endsWith(`-${typeId}`));
  return draft && { types: draft.messages.flatMap(({ types }) => types), changes: draft.changes.length > 0 };
}

/** The settings that the plugin ships and those that its documentation shows. */
const shipped = {
  order: {
    states: {
      changed: { cancelledOrder: ['Cancelled'], fulfilledOrder: ['Confirmed', 'Complete'] },
      created: { placedOrder: ['Open'] },
    },
    messages: { changed: ['OrderStateChanged'], created: ['OrderCreated', 'OrderImported', 'OrderCustomerSet'] },
    properties: { include: ['id', 'lineItems'], exclude: ['paymentInfo'], map: { id: 'orderId', lineItems: 'items' } },
    metrics: { placedOrder: 'Placed Order', refundedOrder: 'Refunded Order' },
    customFields: { properties: { include: ['gift'], exclude: ['internal'], map: { gift: 'isGift' } } },
  },
  customer: {
    messages: { addressChanged: ['CustomerAddressAdded', 'CustomerAddressRemoved', 'CustomerAddressChanged'] },
    customFields: { properties: { include: [], exclude: [], map: {} } },
    deduplication: { enabled: false },
  },
  payment: {
    messages: {
      transactionAdded: ['PaymentTransactionAdded'],
      transactionChanged: ['PaymentTransactionStateChanged'],
    },
    states: { validTransactionStates: ['Success'] },
  },
  category: { messages: { created: ['CategoryCreated'] } },
  product: {
    messages: { deleted: ['ProductUnpublished', 'ResourceDeleted'], published: ['ProductPublished'] },
    inventory: { useChannelInventory: '03c22295-79b0-4838-bc4c-9724133a27ce' },
  },
};

test('the shipped config folder starts without a warning, and its subscriptions are accepted', async (context) => {
  const dir = folder(context, { 'default.json': shipped });
  await using env = await startTestEnv({ env: { NODE_CONFIG_DIR: dir } });
  const about = env.logged.map((line): Json => JSON.parse(line)).filter(({ msg }) => msg === 'warning');
  assert.deepEqual(
    about.filter(({ detail }) => /setting|message type/.test(String(detail))),
    [],
  );
  assert.deepEqual(subscriptionOf('product', shipped)?.types.includes('ResourceDeleted'), false);
  assert.equal(subscriptionOf('product', shipped)?.changes, true);
});

test('order.messages.changed: [ResourceUpdated] subscribes to changes and fulfils and cancels by them', async () => {
  const settings = { order: { messages: { changed: ['ResourceUpdated'] } } };
  const subscription = subscriptionOf('order', settings);
  assert.equal(subscription?.changes, true);
  assert.deepEqual(
    subscription?.types.filter((type) => /^Resource|^OrderStateChanged$/.test(type)),
    [],
  );
  await using shop = await startOrderShop({ settings });
  for (const [orderState, metric] of [
    ['Complete', 'Fulfilled Order'],
    ['Cancelled', 'Cancelled Order'],
  ] as const) {
    const order = newOrder({ orderState });
    await shop.addRecords(order);
    assert.equal(await shop.sendMessage('OrderStateChanged', order.ref, { orderState }), 204);
    assert.equal((await shop.events({ unique_id: order.id })).length, 0, 'the message is not configured');
    assert.equal(await shop.sendChange('ResourceUpdated', order.ref), 204);
    assert.equal((await shop.event(metric, order.id)).profile.email, order.email);
    assert.equal(await shop.sendChange('ResourceUpdated', order.ref), 204);
    assert.equal((await shop.events({ unique_id: order.id })).length, 1);
  }
});

test('changes in any list of messages are changes, never message types of a draft', () => {
  const changes = ['ResourceUpdated', 'ResourceDeleted'];
  const settings = {
    order: { messages: { created: ['OrderCreated', ...changes], changed: changes } },
    payment: { messages: { transactionAdded: changes, transactionChanged: changes } },
    category: { messages: { created: changes } },
    product: { messages: { published: ['ProductPublished', ...changes], deleted: changes } },
  };
  for (const typeId of ['order', 'payment', 'category', 'product']) {
    const subscription = subscriptionOf(typeId, settings);
    assert.equal(subscription?.changes, true, typeId);
    assert.deepEqual(
      subscription?.types.filter((type) => type.startsWith('Resource')),
      [],
      typeId,
    );
  }
});

test('a change that disabledEvents names stays off when a list of messages has it too', () => {
  const off = { disabledEvents: ['ProductResourceDeleted', 'CategoryResourceDeleted', 'CategoryResourceUpdated'] };
  const lists = {
    product: { messages: { deleted: ['ProductUnpublished', 'ResourceDeleted'] } },
    category: { messages: { created: ['CategoryCreated', 'ResourceDeleted', 'ResourceUpdated'] } },
  };
  assert.equal(subscriptionOf('product', { ...off, ...lists })?.changes, false);
  assert.equal(subscriptionOf('category', { ...off, ...lists })?.changes, false);
});

test('an unknown message type is a warning with the nearest name, and left out of drafts', async () => {
  const settings = { order: { messages: { changed: ['OrderStateChange', 'OrderStateChanged', 'CategoryCreated'] } } };
  const { warnings } = configOf(settings);
  assert.equal(warnings.length, 2);
  assert.match(warnings.join('\n'), /no message type OrderStateChange of order; did you mean OrderStateChanged\?/);
  const types = subscriptionOf('order', settings)?.types ?? [];
  assert.ok(types.includes('OrderStateChanged'));
  assert.deepEqual(
    types.filter((type) => ['OrderStateChange', 'CategoryCreated'].includes(type)),
    [],
  );
  const none = { category: { messages: { created: ['CategoryMade'] } }, disabledEvents: [] };
  assert.deepEqual(subscriptionOf('category', none), { types: [], changes: true });
});

for (const [marker, isFetched] of [
  [true, true],
  [{ reason: 'too large' }, true],
  [{ reason: 'too large', payloadType: 'OrderCreated' }, true],
  ['true', true],
  [false, false],
  [null, false],
] as const)
  test(`payloadNotIncluded: ${JSON.stringify(marker)} means ${isFetched ? 'fetch' : 'absent'}`, async () => {
    await using shop = await startOrderShop();
    const order = newOrder();
    const customer = newCustomer();
    await shop.addRecords(order);
    await shop.addRecords(customer);
    const embedded = { ...order.record, customerEmail: 'embedded@example.com' };
    const payload = {
      ...delivery('OrderCreated', order.ref, { id: randomUUID(), order: embedded }),
      payloadNotIncluded: marker,
    };
    assert.equal(await shop.testEnv.push(payload), 204);
    const { profile } = await shop.event('Placed Order', order.id);
    assert.equal(profile.email, isFetched ? order.email : 'embedded@example.com');
    const ofCustomer = {
      ...delivery('CustomerCreated', customer.ref, { id: randomUUID() }),
      payloadNotIncluded: typeof marker === 'object' && marker ? { reason: marker.reason } : marker,
    };
    assert.equal(await shop.testEnv.push(ofCustomer), 204);
    assert.equal((await shop.profile(customer.email)).external_id, customer.id);
  });

test('a message without any type is unreadable, whatever payloadNotIncluded says', async () => {
  await using shop = await startOrderShop();
  for (const payloadNotIncluded of [true, {}, null, undefined]) {
    const { payloadNotIncluded: _, ...payload } = withoutPayload('OrderCreated', reference('order', randomUUID()));
    const untyped = { ...payload, ...(payloadNotIncluded === undefined ? {} : { payloadNotIncluded }) };
    assert.equal(await shop.testEnv.push(untyped), 202);
  }
});

test('dataErasure is read from a deletion only', async () => {
  await using shop = await startOrderShop();
  const deletion = { ...changeDelivery('ResourceDeleted', reference('customer', randomUUID())), dataErasure: 'odd' };
  assert.equal(await shop.testEnv.push(deletion), 204);
});
