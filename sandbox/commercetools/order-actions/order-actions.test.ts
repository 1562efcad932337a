/** Update actions of orders that the engine lacks, with the messages that they send. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FullRecord } from '../custom-action.ts';
import { type JsonObject, listField } from '../json.ts';
import { orderMessages } from '../messages/order.ts';
import { Records } from '../records.ts';
import { deliveryActions, shippingInfosOf } from './deliveries.ts';
import { returnActions } from './returns.ts';
import { stateActions } from './states.ts';

const meta = { version: 1, createdAt: '2026-03-15T08:00:00.000Z', lastModifiedAt: '2026-03-15T08:00:00.000Z' };
const records = new Records();
for (const key of ['initial', 'picked']) records.place('state', { ...meta, id: `id-of-${key}`, ...{ key } });
const actions = { ...deliveryActions, ...returnActions, ...stateActions };

/** Returns the changed order with its messages, or the error message. */
function update(before: FullRecord, name: keyof typeof actions, fields: JsonObject) {
  const action = { action: name, ...fields };
  const after = actions[name]?.(before, action, records) ?? `no action ${name}`;
  if (typeof after === 'string') return { error: after, order: before, messages: [] };
  return { order: after, messages: orderMessages({ typeId: 'order', before, after, actions: [action] }, records) };
}

const items = [{ id: 'line', quantity: 1 }];
const delivery = { id: 'd', key: 'first', items, parcels: [{ id: 'p1', key: 'small' }, { id: 'p2' }] };
const single: FullRecord = { id: 'o', ...meta, shippingInfo: { deliveries: [delivery] } };
const several: FullRecord = {
  ...{ id: 'o', ...meta },
  shipping: ['standard', 'express'].map((shippingKey) => ({ shippingKey, shippingInfo: { deliveries: [] } })),
};

test('a parcel is found by its id and by its key: tracking data and items', () => {
  const trackingData = { trackingId: '123', carrier: 'DHL' };
  for (const named of [{ parcelId: 'p1' }, { parcelKey: 'small' }]) {
    assert.deepEqual(update(single, 'setParcelTrackingData', { ...named, trackingData }).messages, [
      { type: 'ParcelTrackingDataUpdated', deliveryId: 'd', parcelId: 'p1', trackingData },
    ]);
    assert.deepEqual(update(single, 'setParcelItems', { ...named, items }).messages, [
      { type: 'ParcelItemsUpdated', deliveryId: 'd', parcelId: 'p1', items, oldItems: [] },
    ]);
  }
  const { order } = update(single, 'setParcelTrackingData', { parcelId: 'p1', trackingData });
  const parcels = [{ id: 'p1', key: 'small', trackingData }, { id: 'p2' }];
  assert.deepEqual(order.shippingInfo, { deliveries: [{ ...delivery, parcels }] });
});

test('what the order does not have is refused', () => {
  assert.equal(update(single, 'setParcelItems', { parcelId: 'p3' }).error, 'The parcel was not found on this order.');
  assert.equal(update(single, 'removeDelivery', {}).error, 'The delivery was not found on this order.');
  assert.equal(update(several, 'addDelivery', { items }).error, 'The order has no such shipping method.');
  assert.equal(update(single, 'setReturnShipmentState', { returnItemId: 'r' }).error, 'The return item was not found.');
});

test('a delivery gets other items, loses a parcel, and is removed', () => {
  const more = [{ id: 'line', quantity: 2 }];
  assert.deepEqual(update(single, 'setDeliveryItems', { deliveryKey: 'first', items: more }).messages, [
    { type: 'DeliveryItemsUpdated', deliveryId: 'd', items: more, oldItems: items },
  ]);
  const { order, messages } = update(single, 'removeParcelFromDelivery', { parcelId: 'p2' });
  assert.deepEqual(messages, [{ type: 'ParcelRemovedFromDelivery', deliveryId: 'd', parcel: { id: 'p2' } }]);
  const [left] = listField(order.shippingInfo, 'deliveries');
  assert.deepEqual(listField(left, 'parcels'), [{ id: 'p1', key: 'small' }]);
  assert.deepEqual(update(single, 'removeDelivery', { deliveryId: 'd' }).messages, [
    { type: 'DeliveryRemoved', delivery },
  ]);
});

test('shipping mode Multiple: the delivery is added to the method of its shippingKey, which every message has', () => {
  const { order, messages } = update(several, 'addDelivery', { shippingKey: 'express', items, deliveryKey: 'later' });
  const [standard, express] = shippingInfosOf(order);
  assert.deepEqual(standard?.value.deliveries, []);
  assert.deepEqual(messages, [
    { type: 'DeliveryAdded', delivery: listField(express?.value, 'deliveries')[0], shippingKey: 'express' },
  ]);
  const added = update(order, 'addParcelToDelivery', { deliveryKey: 'later', trackingData: { trackingId: '1' } });
  assert.deepEqual(
    added.messages.map(({ type, shippingKey }) => [type, shippingKey]),
    [['ParcelAddedToDelivery', 'express']],
  );
});

test('returns that are set again keep the ids of their items; a new one gets its own', () => {
  const line = (lineItemId: string) => ({ lineItemId, quantity: 1 });
  const first = update(single, 'setReturnInfo', { items: [{ items: [line('a'), line('b')] }] });
  assert.deepEqual(first.messages, [{ type: 'ReturnInfoSet', returnInfo: first.order.returnInfo }]);
  const idsOf = (order: FullRecord) =>
    listField(order, 'returnInfo').flatMap((info) => listField(info, 'items').map((item) => Object(item).id));
  const again = update(first.order, 'setReturnInfo', { items: [{ items: [line('a'), line('b'), line('c')] }] });
  assert.deepEqual(
    again.messages.map(({ type }) => type),
    ['ReturnInfoSet'],
  );
  const [a, b, c] = idsOf(again.order);
  assert.deepEqual([a, b], idsOf(first.order));
  assert.notEqual(c, undefined);
  const returned = update(again.order, 'setReturnShipmentState', { returnItemId: a, shipmentState: 'Returned' });
  assert.deepEqual(returned.messages, [
    { type: 'OrderReturnShipmentStateChanged', returnItemId: a, returnShipmentState: 'Returned' },
  ]);
});

test('an order moves to a state by its key', () => {
  const { order, messages } = update(single, 'transitionState', { state: { key: 'picked' }, force: true });
  const state = { typeId: 'state', id: 'id-of-picked' };
  assert.deepEqual(order.state, state);
  assert.deepEqual(messages, [{ type: 'OrderStateTransition', state, oldState: undefined, force: true }]);
  assert.equal(update(single, 'transitionState', { state: { key: 'none' } }).error, 'The state does not exist.');
});

test('pieces of a line move from one state to another, not more than there are', () => {
  const [initial, picked] = ['initial', 'picked'].map((key) => ({ typeId: 'state', id: `id-of-${key}` }));
  const order = { ...single, lineItems: [{ id: 'line', quantity: 3, state: [{ quantity: 3, state: initial }] }] };
  const move = { lineItemId: 'line', fromState: { key: 'initial' }, toState: { key: 'picked' } };
  const moved = update(order, 'transitionLineItemState', { ...move, quantity: 2 });
  assert.deepEqual(moved.order.lineItems, [
    {
      ...{ id: 'line', quantity: 3 },
      state: [
        { quantity: 1, state: initial },
        { quantity: 2, state: picked },
      ],
    },
  ]);
  const [{ transitionDate, ...message } = { type: '' }, ...others] = moved.messages;
  assert.deepEqual(
    [message, others],
    [
      {
        ...{ type: 'LineItemStateTransition', lineItemId: 'line', lineItemKey: undefined },
        ...{ quantity: 2, fromState: initial, toState: picked },
      },
      [],
    ],
  );
  assert.equal(transitionDate, meta.lastModifiedAt);
  const tooMany = update(moved.order, 'transitionLineItemState', { ...move, quantity: 2 });
  assert.equal(tooMany.error, 'The line item has fewer pieces in this state.');
});
