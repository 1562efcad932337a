import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  evaluateMessage,
  evaluateRecords,
  type Json,
  lineItem,
  lookupsIn,
  mappedOutput,
  delivery as message,
  money,
  order,
  reference,
  run,
  settings,
} from '../../../test/fixtures/index.ts';
import type { EventChange } from '../../klaviyo/change.ts';
import type { RuleOutput } from '../types.ts';

const created = (minute: number) => new Date(Date.UTC(2026, 2, 14, 10, minute)).toISOString();
const line = (id: string, quantity: number, cents: number) => lineItem({ id, quantity, totalPrice: money(cents) });
const parcel = (id: string, fields: Json = {}) => ({ id, createdAt: created(5), ...fields });
const dhl = { trackingData: { trackingId: 'T 1', carrier: 'DHL' } };
const delivered = (id: string, minute: number, items: Json[], parcels: Json[] = []) => ({
  ...{ id, createdAt: created(minute), items, parcels },
});
const base = order({ lineItems: [line('l1', 3, 2700), line('l2', 1, 500), line('l3', 1, 100)], customLineItems: [] });
const withDeliveries = (...deliveries: Json[]) => ({ ...base, shippingInfo: { deliveries } });
const first = delivered('d1', 1, [{ id: 'l1', quantity: 2 }], [parcel('p1', dhl)]);

function eventsOf({ changes }: RuleOutput): EventChange[] {
  return changes.flatMap((change) => (change.type === 'event' ? [change] : []));
}
async function inRun(rule: string, record: Json, set: Json = {}) {
  const options = { rule, lookups: lookupsIn({}), settings: settings(set), cause: run };
  return mappedOutput(await evaluateRecords([record], options));
}
async function onMessage(rule: string, record: Json, type: string, payload: Json, set: Json = {}) {
  const lookups = lookupsIn({ orders: [record] });
  const sent = message(type, reference('order', String(record.id)), payload);
  return mappedOutput(await evaluateMessage(sent, { rule, lookups, settings: settings(set) }));
}

test('a parcel is one shipment when it has its tracking number, with its pieces and their share', async () => {
  const pending = withDeliveries({ ...first, parcels: [parcel('p1')] });
  const early = await onMessage('shipment', pending, 'ParcelAddedToDelivery', {
    delivery: { id: 'd1' },
    parcel: { id: 'p1' },
  });
  assert.deepEqual(early.skips, ['the parcel has no tracking number yet (shipments.when)']);
  const set = { shipments: { trackingUrls: { '*': 'https://any/{{trackingId}}', dhl: 'https://dhl/{{trackingId}}' } } };
  const payload = { deliveryId: 'd1', parcelId: 'p1', createdAt: created(9) };
  const [event, ...others] = eventsOf(
    await onMessage('shipment', withDeliveries(first), 'ParcelTrackingDataUpdated', payload, set),
  );
  assert.equal(others.length, 0);
  assert.deepEqual([event?.uniqueId, event?.value, event?.time], [`${base.id}:p1`, 18, created(9)]);
  const { TrackingNumber, TrackingCompany, TrackingUrl, Items, ItemCount } = event?.properties ?? {};
  assert.deepEqual([TrackingNumber, TrackingCompany, TrackingUrl], ['T 1', 'DHL', 'https://dhl/T%201']);
  assert.deepEqual([Array.isArray(Items) && Items.length, ItemCount], [1, 2]);
});

test('a return parcel, and one that was removed, are skipped with a reason', async () => {
  const back = withDeliveries({
    ...first,
    parcels: [parcel('p1', { trackingData: { trackingId: 'R', isReturn: true } })],
  });
  assert.deepEqual((await inRun('shipment', back)).skips, ['the parcel carries a return']);
  const gone = await onMessage('shipment', withDeliveries(first), 'ParcelTrackingDataUpdated', {
    deliveryId: 'd1',
    parcelId: 'p9',
  });
  assert.deepEqual(gone.skips, ['the parcel is no longer in the order']);
});

test('shipping mode Multiple: deliveries of every shipping entry count', async () => {
  const multiple = {
    ...base,
    shipping: [{ shippingKey: 'a' }, { shippingKey: 'b', shippingInfo: { deliveries: [first] } }],
  };
  assert.deepEqual(
    eventsOf(await inRun('shipment', multiple)).map(({ uniqueId }) => uniqueId),
    [`${base.id}:p1`],
  );
});

test('a delivery that leaves pieces open is a partial fulfilment; the last one fulfils with when: delivered', async () => {
  const rest = delivered('d2', 2, [
    { id: 'l1', quantity: 1 },
    { id: 'l2', quantity: 1 },
    { id: 'l3', quantity: 1 },
  ]);
  const whole = withDeliveries(rest, first);
  const partial = eventsOf(await inRun('partial-fulfilment', whole));
  assert.deepEqual(
    partial.map(({ uniqueId, backfill }) => [uniqueId, backfill]),
    [[`${base.id}:d1`, true]],
  );
  const set = { order: { fulfilled: { when: 'delivered' } } };
  const open = await inRun('fulfilled-order', withDeliveries(first), set);
  assert.deepEqual(open.skips, ['some pieces of the order are in no delivery (order.fulfilled.when)']);
  const late = await onMessage('fulfilled-order', whole, 'DeliveryAdded', { delivery: first }, set);
  assert.deepEqual(
    eventsOf(late).map(({ uniqueId }) => uniqueId),
    [base.id],
  );
});

test('a delivery of which every parcel is a return counts as none', async () => {
  const back = delivered(
    'd2',
    2,
    [{ id: 'l1', quantity: 1 }],
    [parcel('p2', { trackingData: { trackingId: 'R', isReturn: true } })],
  );
  const last = delivered('d3', 3, [{ id: 'l1', quantity: 1 }], [parcel('p3', dhl)]);
  const record = withDeliveries(first, back, last);
  const shipped = eventsOf(await inRun('shipment', record, { shipments: { when: 'delivery' } }));
  assert.deepEqual(
    shipped.map(({ uniqueId, value }) => [uniqueId, value]),
    [
      [`${base.id}:d1`, 18],
      [`${base.id}:d3`, 9],
    ],
  );
  const partial = await onMessage('partial-fulfilment', record, 'DeliveryAdded', { delivery: { id: 'd2' } });
  assert.deepEqual(partial.skips, ['the delivery is a return']);
  const single = { ...base, lineItems: [line('l1', 3, 2700)] };
  const open = { ...single, shippingInfo: { deliveries: [first, back] } };
  const set = { order: { fulfilled: { when: 'delivered' } } };
  assert.match((await inRun('fulfilled-order', open, set)).skips.join(), /in no delivery/);
});

test('a shipment has the shipping method of its order, with order.properties.details', async () => {
  const shippingInfo = { shippingMethodName: 'Express', deliveries: [first] };
  const set = { order: { properties: { details: true } } };
  const [event] = eventsOf(await inRun('shipment', { ...base, shippingInfo }, set));
  assert.equal(event?.properties.ShippingMethod, 'Express');
});

test('an empty metric name turns the rule off', async () => {
  const off = await inRun('shipment', withDeliveries(first), { order: { metrics: { confirmedShipment: '' } } });
  assert.deepEqual(off.skips, ['order.metrics.confirmedShipment is empty']);
});

test('the shipments of a fully delivered order add up to its lines to the cent', async () => {
  const quantities = fc.array(
    fc.record({
      cents: fc.integer({ min: 0, max: 99_999 }),
      parts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const property = fc.asyncProperty(quantities, fc.constantFrom('delivery', 'parcel'), async (lines, when) => {
    const lineItems = lines.map(({ cents, parts }, index) =>
      line(
        `l${index}`,
        parts.reduce((sum, part) => sum + part, 0),
        cents,
      ),
    );
    const deliveries = lines.flatMap(({ parts }, index) =>
      parts.map((quantity, part) =>
        delivered(
          `d${index}-${part}`,
          part,
          [{ id: `l${index}`, quantity }],
          [
            parcel('a', { items: [{ id: `l${index}`, quantity: 1 }] }),
            parcel(`b${index}-${part}`),
            parcel(`c${index}-${part}`),
          ],
        ),
      ),
    );
    const record = { ...base, lineItems, shippingInfo: { deliveries } };
    const sent = eventsOf(await inRun('shipment', record, { shipments: { when } }));
    const cents = sent.reduce((sum, { value = 0 }) => sum + Math.round(value * 100), 0);
    assert.equal(
      cents,
      lines.reduce((sum, line) => sum + line.cents, 0),
    );
  });
  await fc.assert(property, { numRuns: 60 });
});

test('a return of two lines: both requested, the received one received', async () => {
  const item = (id: string, lineItemId: string, fields: Json = {}) => ({
    ...{ id, lineItemId, quantity: 1, shipmentState: 'Advised', createdAt: created(1), lastModifiedAt: created(1) },
    ...fields,
  });
  const received = item('r1', 'l1', { shipmentState: 'Returned', lastModifiedAt: created(3), comment: 'too small' });
  const record = { ...base, returnInfo: [{ items: [received, item('r2', 'l2')], returnTrackingId: 'R' }] };
  const requested = eventsOf(await inRun('return-requested', record));
  assert.deepEqual(
    requested.map(({ uniqueId, value }) => [uniqueId, value]),
    [
      [`${base.id}:r1`, 9],
      [`${base.id}:r2`, 5],
    ],
  );
  const payload = { returnItemId: 'r1', returnShipmentState: 'Returned' };
  const [event, ...others] = eventsOf(
    await onMessage('return-received', record, 'OrderReturnShipmentStateChanged', payload),
  );
  assert.equal(others.length, 0);
  assert.deepEqual([event?.properties.ReturnReason, event?.properties.ReturnTrackingNumber], ['too small', 'R']);
  assert.equal(eventsOf(await inRun('return-received', record)).length, 1);
});

test('delivered and paid follow the state of the message, else that of the order', async () => {
  const payload = { shipmentState: 'Delivered' };
  const sent = await onMessage(
    'delivered-shipment',
    { ...base, shipmentState: 'Shipped' },
    'OrderShipmentStateChanged',
    payload,
  );
  assert.deepEqual(
    eventsOf(sent).map(({ uniqueId, value }) => [uniqueId, value]),
    [[`${base.id}:delivered`, 122.8]],
  );
  assert.equal(eventsOf(await inRun('delivered-shipment', { ...base, shipmentState: 'Shipped' })).length, 0);
  const paid = { order: { metrics: { paidOrder: 'Paid Order' } } };
  assert.equal(eventsOf(await inRun('paid-order', { ...base, paymentState: 'Paid' }, paid))[0]?.uniqueId, base.id);
  assert.equal(eventsOf(await inRun('paid-order', { ...base, paymentState: 'Paid' })).length, 0);
});
