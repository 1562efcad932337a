/** States of the merchant's own workflow: from a transition in the shop to the event in Klaviyo. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Json, lineItem, reference, stored } from '../fixtures/index.ts';
import { type Made, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

const workflow = {
  'ready-for-pickup': { metric: 'Ready for Pickup' },
  picked: { metric: 'Item Picked', of: 'lineItem' },
};
const settings = { order: { workflow } };

let shop: OrderShop;
before(async () => {
  shop = await startShop();
});
after(() => shop.stop());

async function startShop(more: Json = {}): Promise<OrderShop> {
  const started = await startOrderShop({ settings, ...more });
  const states = ['ready-for-pickup', 'picked', 'unnamed'].map((key) => ({ ...stored(`id-of-${key}`), key }));
  await started.testEnv.addRecords('state', ...states);
  return started;
}

const state = (key: string) => reference('state', `id-of-${key}`);

/** Its line item is picked. */
interface MadeOrder extends Made {
  lineId: string;
}

function newOrderIn(key: string): MadeOrder {
  const lineId = randomUUID();
  const lineItems = [lineItem({ id: lineId, state: [{ quantity: 1, state: state('picked') }] })];
  return { ...newOrder({ state: state(key), lineItems }), lineId };
}

async function countOf(metric: string, { id, lineId }: MadeOrder): Promise<number> {
  const events = await shop.events({ metric });
  return events.filter(({ unique_id }) => unique_id?.startsWith(id) || unique_id?.startsWith(lineId)).length;
}

test('a transition of the order to a named state is one event, however often it is delivered or synced', async () => {
  const order = newOrderIn('ready-for-pickup');
  await shop.addRecords(order);
  const payload = { id: randomUUID(), state: state('ready-for-pickup'), force: false };
  for (const _ of [1, 2]) assert.equal(await shop.sendMessage('OrderStateTransition', order.ref, payload), 204);
  const seen = await shop.event('Ready for Pickup', `${order.id}:ready-for-pickup`);
  assert.deepEqual([seen.value, seen.backfill, seen.properties.StateKey], [122.8, false, 'ready-for-pickup']);
  assert.equal((await shop.sync('orders', [order])).state, 'completed');
  assert.deepEqual(await shop.event('Ready for Pickup', `${order.id}:ready-for-pickup`), seen);
});

test('a transition of a line is an event of its line; a sync sends the states that there are as history', async () => {
  const order = newOrderIn('ready-for-pickup');
  await shop.addRecords(order);
  const payload = { lineItemId: order.lineId, quantity: 1, fromState: state('unnamed'), toState: state('picked') };
  assert.equal(await shop.sendMessage('LineItemStateTransition', order.ref, payload), 204);
  assert.equal((await shop.event('Item Picked', `${order.lineId}:picked`)).backfill, false);
  assert.equal(await countOf('Ready for Pickup', order), 0);
  await shop.sync('orders', [order]);
  assert.equal((await shop.event('Ready for Pickup', `${order.id}:ready-for-pickup`)).backfill, true);
  assert.equal(await countOf('Item Picked', order), 1);
});

for (const [type, metric] of [
  ['OrderStateTransition', 'Ready for Pickup'],
  ['LineItemStateTransition', 'Item Picked'],
  ['CustomLineItemStateTransition', 'Item Picked'],
] as const) {
  test(`payloadNotIncluded: ${type} sends the states that there are`, async () => {
    const order = newOrderIn('ready-for-pickup');
    await shop.addRecords(order);
    assert.equal(await shop.sendWithoutPayload(type, order.ref), 204);
    assert.equal(await countOf(metric, order), 1);
  });
}

test('a state without an event: no request to Klaviyo; keys of states are read once, for many messages', async () => {
  await using other = await startShop();
  const order = newOrderIn('unnamed');
  await other.addRecords(order);
  const read = await other.injectFault({ kind: 'delay', ms: 0, path: '^/shop/states' });
  const [asked] = other.testEnv.klaviyo.faults.add({ kind: 'delay', ms: 0, path: '/api' });
  for (const key of ['unnamed', 'unnamed', 'unnamed'])
    assert.equal(await other.sendMessage('OrderStateTransition', order.ref, { state: state(key) }), 204);
  assert.deepEqual([await read.matchCount(), asked?.matched], [1, 0]);
  assert.equal(other.reasons(order).at(-1), 'no event for the state unnamed (order.workflow)');
});

test('with repeat every transition into the state is an event', async () => {
  const repeating = { 'ready-for-pickup': { metric: 'Ready for Pickup', repeat: true } };
  await using other = await startShop({ settings: { order: { workflow: repeating } } });
  const order = newOrderIn('ready-for-pickup');
  await other.addRecords(order);
  for (const id of ['first', 'second', 'second'])
    await other.sendMessage('OrderStateTransition', order.ref, { id, state: state('ready-for-pickup') });
  const ids = (await other.events({ metric: 'Ready for Pickup' })).map(({ unique_id }) => unique_id);
  assert.deepEqual(
    ids.toSorted(),
    ['first', 'second'].map((id) => `${order.id}:ready-for-pickup:${id}`),
  );
});

test('a client without view_states: the reason names the scope, other events of the order are sent', async () => {
  const scopes = ['view_orders', 'view_products', 'view_categories', 'view_customers', 'view_payments'];
  await using other = await startShop({ commercetools: { scopes } });
  const order = newOrderIn('ready-for-pickup');
  await other.addRecords(order);
  const payload = { state: state('ready-for-pickup') };
  assert.equal(await other.sendMessage('OrderStateTransition', order.ref, payload), 204);
  assert.equal(other.reasons(order).at(-1), 'without view_states the keys of states are not known (order.workflow)');
  assert.equal((await other.sync('orders', [order])).state, 'completed');
  await other.event('Placed Order', order.id);
});
