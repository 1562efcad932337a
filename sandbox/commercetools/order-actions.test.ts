/** Update actions of orders that the engine lacks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setParcelTrackingData } from './order-actions.ts';

const parcels = [{ id: 'p1', key: 'first' }, { id: 'p2' }];
const meta = { id: 'o', version: 1, createdAt: '', lastModifiedAt: '' };
const order = { ...meta, shippingInfo: { deliveries: [{ id: 'd', parcels }] } };
const trackingData = { trackingId: '123' };

test('setParcelTrackingData changes the parcel of the id or key alone', () => {
  const tracked = [{ id: 'p1', key: 'first', trackingData }, { id: 'p2' }];
  const expected = { ...meta, shippingInfo: { deliveries: [{ id: 'd', parcels: tracked }] } };
  assert.deepEqual(setParcelTrackingData(order, { parcelId: 'p1', trackingData }), expected);
  assert.deepEqual(setParcelTrackingData(order, { parcelKey: 'first', trackingData }), expected);
});

test('setParcelTrackingData refuses a parcel that the order does not have', () => {
  assert.equal(setParcelTrackingData(order, { parcelId: 'p3' }), 'The parcel was not found on this order.');
  assert.equal(setParcelTrackingData(order, {}), 'The parcel was not found on this order.');
});
