/** Deliveries, parcels and return items: which messages a change of them sends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryMessages, returnStateMessages } from './delivery.ts';

const items = [{ id: 'line', quantity: 1 }];
const orderWith = (delivery: object) => ({ shippingInfo: { deliveries: [{ id: 'd', items, ...delivery }] } });
const orderReturning = (shipmentState: string) => ({ returnInfo: [{ items: [{ id: 'r', shipmentState }] }] });

test('a new delivery is DeliveryAdded alone, also with parcels', () => {
  const added = deliveryMessages({}, orderWith({ parcels: [{ id: 'p' }] }));
  assert.deepEqual(added, [{ type: 'DeliveryAdded', delivery: { id: 'd', items, parcels: [{ id: 'p' }] } }]);
});

test('a parcel added to a delivery comes with the delivery', () => {
  const [message, ...others] = deliveryMessages(orderWith({ parcels: [] }), orderWith({ parcels: [{ id: 'p' }] }));
  const delivery = { id: 'd', items, parcels: [{ id: 'p' }] };
  assert.deepEqual([message, others], [{ type: 'ParcelAddedToDelivery', delivery, parcel: { id: 'p' } }, []]);
});

test('tracking data of a parcel', () => {
  const trackingData = { trackingId: '123', carrier: 'DHL' };
  const tracked = orderWith({ parcels: [{ id: 'p', trackingData }] });
  assert.deepEqual(deliveryMessages(orderWith({ parcels: [{ id: 'p' }] }), tracked), [
    { type: 'ParcelTrackingDataUpdated', deliveryId: 'd', parcelId: 'p', trackingData },
  ]);
  assert.deepEqual(deliveryMessages(tracked, tracked), []);
});

test('items of a delivery, with the old ones', () => {
  const more = [{ id: 'line', quantity: 2 }];
  assert.deepEqual(deliveryMessages(orderWith({}), orderWith({ items: more })), [
    { type: 'DeliveryItemsUpdated', deliveryId: 'd', items: more, oldItems: items },
  ]);
});

test('a return item that comes back', () => {
  assert.deepEqual(returnStateMessages(orderReturning('Advised'), orderReturning('Returned')), [
    { type: 'OrderReturnShipmentStateChanged', returnItemId: 'r', returnShipmentState: 'Returned' },
  ]);
});
