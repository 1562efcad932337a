/** Shipments of an order: from the messages of its deliveries and parcels to the events in Klaviyo. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Json, lineItem, money } from '../fixtures/index.ts';
import { type Made, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const line = (id: string, quantity: number, cents: number): Json =>
  lineItem({ id, quantity, price: { value: money(1_000) }, totalPrice: money(cents) });
/** Three pieces of 30.00 for 27.00, two lines of one piece. */
const lines = [line('line-a', 3, 2_700), line('line-b', 1, 1_000), line('line-c', 1, 500)];
const piece = (id: string, quantity: number): Json => ({ id, quantity });
const times = {
  delivered: '2026-03-15T09:00:00.000Z',
  packed: '2026-03-15T09:30:00.000Z',
  tracked: '2026-03-15T10:00:00.000Z',
};
const trackingData = { trackingId: 'T-1', carrier: 'DHL' };

interface Parts {
  order: Made;
  first: Json;
  second: Json;
}

function delivery(id: string, items: Json[], parcels: Json[] = []): Json {
  return { id, createdAt: times.delivered, items, parcels };
}

function parcel(id: string, more: Json = {}): Json {
  return { id, createdAt: times.packed, ...more };
}

const withDeliveries = ({ record, ...made }: Made, ...deliveries: Json[]): Made => ({
  ...made,
  record: { ...record, lineItems: lines, shippingInfo: { shippingMethodName: 'Standard', deliveries } },
});

/** What the shop holds at each step, with the message of that step. */
async function step(order: Made, deliveries: Json[], type: string, payload: Json, at: string): Promise<void> {
  await shop.addRecords(withDeliveries(order, ...deliveries));
  assert.equal(await shop.sendMessage(type, order.ref, { ...payload, createdAt: at }), 204);
}

function newParts(): Parts {
  const first = delivery('delivery-1', [piece('line-a', 2)]);
  const second = delivery('delivery-2', [piece('line-a', 1), piece('line-b', 1), piece('line-c', 1)]);
  return { order: newOrder({ lineItems: lines }), first, second };
}

const shipmentOf = (order: Made, parcelId: string, from = shop) =>
  from.event('Confirmed Shipment', `${order.id}:${parcelId}`);
const countOf = async (order: Made, metric: string, from = shop) =>
  (await from.events({ metric })).filter(({ unique_id }) => unique_id?.startsWith(order.id)).length;

test('a parcel is a Confirmed Shipment once it has a tracking number; its delivery is a partial fulfilment', async () => {
  const { order, first } = newParts();
  await step(order, [first], 'DeliveryAdded', { delivery: first }, times.delivered);
  const packed = { ...first, parcels: [parcel('parcel-1')] };
  await step(order, [packed], 'ParcelAddedToDelivery', { delivery: packed, parcel: parcel('parcel-1') }, times.packed);
  assert.equal(await countOf(order, 'Confirmed Shipment'), 0);
  assert.ok(shop.reasons(order).includes('the parcel has no tracking number yet (shipments.when)'));

  const tracked = { ...first, parcels: [parcel('parcel-1', { trackingData })] };
  const update = { deliveryId: 'delivery-1', parcelId: 'parcel-1', trackingData };
  await step(order, [tracked], 'ParcelTrackingDataUpdated', update, times.tracked);
  const seen = await shipmentOf(order, 'parcel-1');
  assert.deepEqual([seen.value, seen.value_currency, seen.time], [18, 'EUR', '2026-03-15T10:00:00+00:00']);
  const { TrackingNumber, TrackingCompany, Items } = seen.properties;
  assert.deepEqual([TrackingNumber, TrackingCompany], ['T-1', 'DHL']);
  assert.deepEqual(Array.isArray(Items) && Items.map(({ Quantity }: Json) => Quantity), [2]);
  assert.equal(await countOf(order, 'Fulfilled Partial Order'), 1);
  assert.equal((await shop.event('Fulfilled Partial Order', `${order.id}:delivery-1`)).value, 18);

  await step(order, [tracked], 'ParcelTrackingDataUpdated', update, times.tracked);
  assert.equal(await countOf(order, 'Confirmed Shipment'), 1);
});

test('a sync of the order afterwards adds nothing in effect', async () => {
  const { order, first } = newParts();
  const tracked = { ...first, parcels: [parcel('parcel-1', { trackingData })] };
  await step(order, [tracked], 'DeliveryAdded', { delivery: tracked }, times.delivered);
  const before = await shipmentOf(order, 'parcel-1');
  assert.equal(before.backfill, false);
  assert.equal((await shop.sync('orders', [order])).state, 'completed');
  assert.deepEqual(await shipmentOf(order, 'parcel-1'), before);
});

test('a sync sends the shipments of an order as history', async () => {
  const { order, first } = newParts();
  await shop.addRecords(withDeliveries(order, { ...first, parcels: [parcel('parcel-1', { trackingData })] }));
  await shop.sync('orders', [order]);
  const seen = await shipmentOf(order, 'parcel-1');
  assert.deepEqual([seen.value, seen.backfill], [18, true]);
});

test('the delivery that completes an order is no partial fulfilment, in either order of the messages', async () => {
  const { order, first, second } = newParts();
  await step(order, [first, second], 'DeliveryAdded', { delivery: second }, times.packed);
  await step(order, [first, second], 'DeliveryAdded', { delivery: first }, times.delivered);
  assert.equal(await countOf(order, 'Fulfilled Partial Order'), 1);
  await shop.event('Fulfilled Partial Order', `${order.id}:delivery-1`);
});

test('a parcel of a return, and one that is gone, are no shipments', async () => {
  const { order, first } = newParts();
  const returned = { ...first, parcels: [parcel('parcel-1', { trackingData: { ...trackingData, isReturn: true } })] };
  const update = { deliveryId: 'delivery-1', parcelId: 'parcel-1', trackingData };
  await step(order, [returned], 'ParcelTrackingDataUpdated', update, times.tracked);
  await step(order, [first], 'ParcelTrackingDataUpdated', update, times.tracked);
  assert.equal(await countOf(order, 'Confirmed Shipment'), 0);
  const reasons = shop.reasons(order);
  assert.ok(
    reasons.includes('the parcel carries a return') && reasons.includes('the parcel is no longer in the order'),
  );
});

test('an order with several shipping methods: its parcel is found', async () => {
  const { order, first } = newParts();
  const tracked = { ...first, parcels: [parcel('parcel-1', { trackingData })] };
  const shippingInfo = { shippingMethodName: 'Express', deliveries: [tracked] };
  const shipping = [{ shippingKey: 'express', shippingInfo }];
  await shop.addRecords({
    ...order,
    record: { ...order.record, lineItems: lines, shippingMode: 'Multiple', shipping },
  });
  const update = { deliveryId: 'delivery-1', parcelId: 'parcel-1', trackingData, shippingKey: 'express' };
  assert.equal(await shop.sendMessage('ParcelTrackingDataUpdated', order.ref, update), 204);
  assert.equal((await shipmentOf(order, 'parcel-1')).value, 18);
});

for (const type of ['DeliveryAdded', 'ParcelAddedToDelivery', 'ParcelTrackingDataUpdated']) {
  test(`payloadNotIncluded: ${type} sends the shipments that the order has`, async () => {
    const { order, first } = newParts();
    await shop.addRecords(withDeliveries(order, { ...first, parcels: [parcel('parcel-1', { trackingData })] }));
    assert.equal(await shop.sendWithoutPayload(type, order.ref), 204);
    assert.equal((await shipmentOf(order, 'parcel-1')).value, 18);
  });
}

test('an order that reaches the shipment state Delivered is a Delivered Shipment', async () => {
  const { order, first } = newParts();
  const delivered = withDeliveries(order, first);
  await shop.addRecords({ ...delivered, record: { ...delivered.record, shipmentState: 'Delivered' } });
  const change = { shipmentState: 'Delivered', oldShipmentState: 'Shipped', createdAt: times.tracked };
  assert.equal(await shop.sendMessage('OrderShipmentStateChanged', order.ref, change), 204);
  assert.equal(await shop.sendMessage('OrderShipmentStateChanged', order.ref, change), 204);
  const seen = await shop.event('Delivered Shipment', `${order.id}:delivered`);
  assert.equal(seen.time, '2026-03-15T10:00:00+00:00');
});

for (const repeatedUniqueId of ['ignored', 'rejected', 'rejected-naming-one', 'body-lost'] as const) {
  test(`a second sync of shipments changes nothing where a repeated unique_id is ${repeatedUniqueId}`, async () => {
    await using other = await startOrderShop({ klaviyo: { repeatedUniqueId } });
    const { order, first } = newParts();
    await other.addRecords(withDeliveries(order, { ...first, parcels: [parcel('parcel-1', { trackingData })] }));
    for (const _ of [1, 2]) assert.equal((await other.sync('orders', [order])).state, 'completed');
    assert.equal((await shipmentOf(order, 'parcel-1', other)).value, 18);
  });
}

describe('settings', () => {
  test('order.fulfilled.when: delivered sends Fulfilled Order once all pieces are in deliveries', async () => {
    await using other = await startOrderShop({ settings: { order: { fulfilled: { when: 'delivered' } } } });
    const { order, first, second } = newParts();
    await other.addRecords(withDeliveries(order, first));
    await other.sendMessage('DeliveryAdded', order.ref, { delivery: first });
    assert.equal((await other.events({ metric: 'Fulfilled Order' })).length, 0);
    await other.addRecords(withDeliveries(order, first, second));
    await other.sendMessage('DeliveryAdded', order.ref, { delivery: second });
    await other.sendMessage('DeliveryAdded', order.ref, { delivery: second });
    await other.event('Fulfilled Order', order.id);
  });

  test('an empty metric name turns its rule off', async () => {
    await using other = await startOrderShop({ settings: { order: { metrics: { confirmedShipment: '' } } } });
    const { order, first } = newParts();
    const tracked = { ...first, parcels: [parcel('parcel-1', { trackingData })] };
    await other.addRecords(withDeliveries(order, tracked));
    await other.sendMessage('DeliveryAdded', order.ref, { delivery: tracked });
    await other.sync('orders', [order]);
    assert.equal(await countOf(order, 'Confirmed Shipment', other), 0);
    assert.equal(await countOf(order, 'Fulfilled Partial Order', other), 1);
  });
});
