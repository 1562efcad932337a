/** The life of an order after it was placed: from update actions in the shop, over its messages, to events in Klaviyo. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { connectShop } from '../../sandbox/shop/actors/shop-api.ts';
import { update } from '../../sandbox/shop/actors/shopper-actions.ts';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { readOverview } from '../dashboard/read-overview.ts';
import { type Json, lineItem, money, reference, stored } from '../fixtures/index.ts';
import type { TestEnvOptions } from '../test-env.ts';
import { type Made, newOrder, type OrderShop, type SeenEvent, startOrderShop } from './order-fixture.ts';

const topic = 'projects/cloud/topics/commercetools';
const settings = {
  // A lost body is noticed once its events should be listed.
  klaviyo: { eventListingSeconds: 1 },
  order: {
    fulfilled: { when: 'delivered' },
    metrics: { paidOrder: 'Paid Order' },
    workflow: { ready: { metric: 'Ready for Pickup' }, picked: { metric: 'Item Picked', of: 'lineItem' } },
  },
};

/** A shop whose messages arrive at the service. */
async function startSubscribed(options: TestEnvOptions = {}): Promise<OrderShop> {
  const shop = await startOrderShop({ settings, ...options, overrides: { now: () => new Date() } });
  const { testEnv } = shop;
  const states = ['initial', 'picked', 'ready'].map((key) => ({ ...stored(`id-of-${key}`), key }));
  await testEnv.addRecords('state', ...states);
  connect(shop);
  assert.equal((await ctk(['subscriptions', 'apply', '--pubsub', topic], testEnv.env)).code, 0);
  return shop;
}

function connect({ testEnv }: OrderShop): void {
  testEnv.shop.pubsub.bind(topic, { pushEndpoint: `${testEnv.service}/` });
}

async function settle({ testEnv }: OrderShop): Promise<void> {
  while (testEnv.shop.pending() > 0) await sleep(5);
  await testEnv.app.settled();
}

const line = (id: string, quantity: number, cents: number): Json =>
  lineItem({
    ...{ id, quantity, price: { value: money(1_000) }, totalPrice: money(cents) },
    state: [{ quantity, state: reference('state', 'id-of-initial') }],
  });
const method = { shippingMethodName: 'Standard', deliveries: [] };

/** An order of three pieces of 27.00, and of two lines of one piece for 10.00 and 5.00. */
function newOrderOf(shippingMode: 'Single' | 'Multiple'): Made {
  const own = randomUUID();
  const lineItems = [line(`a-${own}`, 3, 2_700), line(`b-${own}`, 1, 1_000), line(`c-${own}`, 1, 500)];
  const shipping = [
    { shippingKey: 'pallet', shippingInfo: method },
    { shippingKey: 'parcel', shippingInfo: method },
  ];
  const methods = shippingMode === 'Single' ? { shippingInfo: method } : { shippingInfo: undefined, shipping };
  const states = { shipmentState: 'Pending', paymentState: 'Pending' };
  return newOrder({ lineItems, customLineItems: [], shippingMode, ...methods, ...states, totalPrice: money(4_200) });
}

const shape = z.object({
  lineItems: z.array(z.object({ id: z.string() })),
  returnInfo: z.array(z.object({ items: z.array(z.object({ id: z.string() })) })).default([]),
});

/** Every update action after which an event may follow. @param after waits for what each one causes */
async function liveThrough(shop: OrderShop, order: Made, after = () => settle(shop)): Promise<void> {
  const api = connectShop(shop.testEnv.shop);
  const act = async (action: string, fields: Json) => {
    await update(api, `orders/${order.id}`, [{ action, ...fields }]);
    await after();
  };
  const [a = '', b = '', c = ''] = (await api.get(`orders/${order.id}`, shape)).lineItems.map(({ id }) => id);
  const shippingKey = order.record.shippingMode === 'Multiple' ? { shippingKey: 'parcel' } : {};
  const piece = (id: string, quantity: number) => ({ id, quantity });
  const track = (trackingId: string) => ({ trackingData: { trackingId, carrier: 'DHL' } });
  await act('addDelivery', { ...shippingKey, deliveryKey: 'first', items: [] });
  await act('setDeliveryItems', { deliveryKey: 'first', items: [piece(a, 2)] });
  await act('addParcelToDelivery', { deliveryKey: 'first', parcelKey: 'box' });
  await act('setParcelItems', { parcelKey: 'box', items: [piece(a, 2)] });
  await act('setParcelTrackingData', { parcelKey: 'box', ...track('T-1') });
  const rest = [piece(a, 1), piece(b, 1), piece(c, 1)];
  await act('addDelivery', { ...shippingKey, items: rest, parcels: [track('T-2')] });
  await act('changeShipmentState', { shipmentState: 'Delivered' });
  await act('changePaymentState', { paymentState: 'Paid' });
  const returned = (lineItemId: string, quantity: number, shipmentState = 'Advised') => ({
    ...{ lineItemId, quantity, shipmentState },
  });
  await act('addReturnInfo', { items: [returned(a, 2), returned(b, 1)] });
  const [
    {
      items: [first],
    } = { items: [] },
  ] = (await api.get(`orders/${order.id}`, shape)).returnInfo;
  await act('setReturnShipmentState', { returnItemId: first?.id, shipmentState: 'Returned' });
  const items = [returned(a, 2, 'Returned'), returned(b, 1)];
  await act('setReturnInfo', { items: [{ items }] });
  await act('transitionState', { state: stateWithKey('ready') });
  const states = { fromState: stateWithKey('initial'), toState: stateWithKey('picked') };
  await act('transitionLineItemState', { lineItemId: a, quantity: 1, ...states });
}

const stateWithKey = (key: string) => ({ typeId: 'state', key });

const expected = [
  ['Confirmed Shipment', 18],
  ['Confirmed Shipment', 24],
  ['Delivered Shipment', 42],
  ['Fulfilled Order', 42],
  ['Fulfilled Partial Order', 18],
  ['Item Picked', 27],
  ['Paid Order', 42],
  ['Ready for Pickup', 42],
  ['Return Received', 18],
  ['Return Requested', 10],
  ['Return Requested', 18],
];

/** Events after the order was placed, which only a sync tells here. */
async function laterEvents(shop: OrderShop): Promise<SeenEvent[]> {
  const events = await shop.events({});
  return events.filter(({ metric }) => metric !== 'Placed Order' && metric !== 'Ordered Product');
}

function summaryOf(events: readonly SeenEvent[]): unknown[] {
  return events
    .map(({ metric, value }) => [metric, value] as const)
    .toSorted(([metric, value], [other, otherValue]) =>
      metric === other ? (value ?? 0) - (otherValue ?? 0) : metric < other ? -1 : 1,
    );
}

for (const shippingMode of ['Single', 'Multiple'] as const) {
  test(`shipping mode ${shippingMode}: each step is told once, with what the order holds at the time`, async () => {
    await using shop = await startSubscribed();
    const order = newOrderOf(shippingMode);
    await shop.addRecords(order);
    await liveThrough(shop, order);
    const events = await laterEvents(shop);
    assert.deepEqual(summaryOf(events), expected);
    assert.ok(events.every(({ backfill }) => !backfill));
    const numbers = events.flatMap(({ properties: { TrackingNumber: number } }) => (number ? [number] : []));
    assert.deepEqual(numbers.toSorted(), ['T-1', 'T-2']);
  });
}

test('messages that arrive twice, late and in reverse order lead to the same events', async () => {
  await using shop = await startSubscribed();
  const { pubsub } = shop.testEnv.shop;
  const order = newOrderOf('Single');
  await shop.addRecords(order);
  pubsub.unbind(topic);
  pubsub.setDisorder({ duplicateEvery: 1, reorderWindow: 100 });
  await liveThrough(shop, order, async () => undefined);
  connect(shop);
  await settle(shop);
  assert.deepEqual(summaryOf(await laterEvents(shop)), expected);
});

test('the dashboard counts the events of each metric', async () => {
  await using shop = await startSubscribed();
  const order = newOrderOf('Single');
  await shop.addRecords(order);
  await liveThrough(shop, order);
  const series = z.object({ daily: z.array(z.object({ name: z.string(), isMetric: z.boolean() })) });
  const { daily } = series.parse(await readOverview(shop.testEnv.service));
  const shown = daily.flatMap(({ name, isMetric }) => (isMetric ? [name] : []));
  assert.deepEqual(shown.toSorted(), [...new Set(expected.map(([metric]) => metric))]);
});

test('messages that are too large for their payload lead to the same events', async () => {
  await using shop = await startSubscribed({ commercetools: { maxPayloadBytes: 1 } });
  const order = newOrderOf('Multiple');
  await shop.addRecords(order);
  await liveThrough(shop, order);
  assert.deepEqual(summaryOf(await laterEvents(shop)), expected);
});

describe('a sync afterwards adds nothing', () => {
  for (const repeatedUniqueId of ['ignored', 'rejected', 'rejected-naming-one', 'body-lost'] as const) {
    test(`where Klaviyo treats a repeated unique_id as ${repeatedUniqueId}`, async () => {
      await using shop = await startSubscribed({ klaviyo: { repeatedUniqueId } });
      const order = newOrderOf('Single');
      await shop.addRecords(order);
      await liveThrough(shop, order);
      const before = await laterEvents(shop);
      assert.deepEqual(summaryOf(before), expected);
      assert.equal((await shop.sync('orders', [order])).state, 'completed');
      assert.deepEqual(await laterEvents(shop), before);
    });
  }
});

test('a sync alone sends the same events as history', async () => {
  await using shop = await startOrderShop({ settings, overrides: { now: () => new Date() } });
  const states = ['initial', 'picked', 'ready'].map((key) => ({ ...stored(`id-of-${key}`), key }));
  await shop.testEnv.addRecords('state', ...states);
  const order = newOrderOf('Multiple');
  await shop.addRecords(order);
  await liveThrough(shop, order);
  await shop.sync('orders', [order]);
  const events = await laterEvents(shop);
  assert.deepEqual(summaryOf(events), expected);
  assert.ok(events.every(({ backfill, wouldTriggerFlows }) => backfill && !wouldTriggerFlows));
});

test('a parcel that is removed before its message is handled is no shipment, with the reason', async () => {
  await using shop = await startSubscribed();
  const order = newOrderOf('Multiple');
  await shop.addRecords(order);
  shop.testEnv.shop.pubsub.unbind(topic);
  const api = connectShop(shop.testEnv.shop);
  const act = (action: string, fields: Json) => update(api, `orders/${order.id}`, [{ action, ...fields }]);
  const items: Json[] = [];
  await act('addDelivery', { shippingKey: 'pallet', deliveryKey: 'first', items });
  await act('addParcelToDelivery', { deliveryKey: 'first', parcelKey: 'box', trackingData: { trackingId: 'T-1' } });
  await act('removeParcelFromDelivery', { parcelKey: 'box' });
  connect(shop);
  await settle(shop);
  assert.deepEqual(await laterEvents(shop), []);
  assert.ok(shop.reasons(order).includes('the parcel is no longer in the order'));
});
