/** A rule without a metric name is off: not subscribed to, not triggered, left out of syncs, and shown as off. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { builtInRuleGroups } from '../../src/rules/index.ts';
import { requiredSubscriptions } from '../../src/rules/required-subscriptions.ts';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { readOverview } from '../dashboard/read-overview.ts';
import { type Json, settings as settingsOf } from '../fixtures/index.ts';
import { type Made, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

/** Rules that are off, and the settings that turn them off. */
const off: Record<string, string> = {
  shipment: 'order.metrics.confirmedShipment',
  'partial-fulfilment': 'order.metrics.fulfilledPartialOrder',
  'delivered-shipment': 'order.metrics.deliveredShipment',
  'paid-order': 'order.metrics.paidOrder',
  'return-requested': 'order.metrics.returnRequested',
  'return-received': 'order.metrics.returnReceived',
  workflow: 'order.workflow',
};
const metrics = Object.fromEntries(
  Object.values(off).flatMap((path) => (path.startsWith('order.metrics.') ? [[path.split('.').at(-1), '']] : [])),
);
const settings = { order: { metrics } };
const types = [
  ...['DeliveryAdded', 'DeliveryItemsUpdated', 'ParcelAddedToDelivery', 'ParcelTrackingDataUpdated'],
  ...['OrderShipmentStateChanged', 'OrderPaymentStateChanged', 'OrderStateTransition', 'LineItemStateTransition'],
  ...['CustomLineItemStateTransition', 'ReturnInfoAdded', 'ReturnInfoSet', 'OrderReturnShipmentStateChanged'],
];

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop({ settings });
});
after(() => shop.stop());

/** An order about which every rule would have something to say. */
function fullOrder(): Made {
  const at = '2026-03-14T10:00:00.000Z';
  const parcels = [{ id: 'p', createdAt: at, trackingData: { trackingId: 'T-1' } }];
  const deliveries: Json[] = [{ id: 'd', createdAt: at, items: [{ id: 'any', quantity: 1 }], parcels }];
  const items = [{ id: 'r', quantity: 1, shipmentState: 'Returned', createdAt: at, lastModifiedAt: at }];
  return newOrder({
    ...{ shipmentState: 'Delivered', paymentState: 'Paid', state: { typeId: 'state', id: 'ready' } },
    ...{ shippingInfo: { deliveries }, returnInfo: [{ items }] },
  });
}

test('their messages are not subscribed to', () => {
  const destination = { type: 'GoogleCloudPubSub' as const, projectId: '', topic: '' };
  const subscribed = (set: Json) =>
    requiredSubscriptions({ groups: builtInRuleGroups, settings: settingsOf(set), environment: '', destination })
      .flatMap(({ messages }) => messages)
      .flatMap((message) => message.types ?? [])
      .filter((type) => types.includes(type));
  assert.deepEqual(subscribed(settings), []);
  const workflow = { ready: { metric: 'Ready' }, picked: { metric: 'Picked', of: 'lineItem' } };
  const on = subscribed({ order: { workflow, metrics: { paidOrder: 'Paid Order' } } });
  assert.deepEqual(on.toSorted(), types.toSorted());
});

test('a message triggers none of them, and a sync sends none of their events', async () => {
  const order = fullOrder();
  await shop.addRecords(order);
  for (const type of types) {
    assert.equal(await shop.sendMessage(type, order.ref), 204);
    assert.equal(shop.reasons(order).at(-1), `no rule is triggered by ${type} of order`);
  }
  assert.equal((await shop.sync('orders', [order])).state, 'completed');
  const sent = new Set((await shop.events({})).map(({ metric }) => metric));
  assert.deepEqual([...sent].toSorted(), ['Ordered Product', 'Placed Order']);
});

const overview = z.object({ rules: z.array(z.object({ rule: z.string(), offBy: z.string().optional() })) });

test('the dashboard and explain say which setting turns each of them off', async () => {
  const order = fullOrder();
  await shop.addRecords(order);
  const explained = await fetch(`${shop.testEnv.service}/explain/order/${order.id}`);
  const offIn = ({ rules }: z.infer<typeof overview>) =>
    Object.fromEntries(rules.flatMap(({ rule, offBy }) => (offBy === undefined ? [] : [[rule, offBy]])));
  const reasons = Object.fromEntries(Object.entries(off).map(([rule, setting]) => [rule, `${setting} is empty`]));
  assert.deepEqual(offIn(overview.parse(await explained.json())), reasons);
  const carts = 'carts.enabled is false';
  assert.deepEqual(offIn(overview.parse(await readOverview(shop.testEnv.service))), {
    ...reasons,
    'added-to-cart': carts,
    'started-checkout': carts,
  });
  const { out } = await ctk(['explain', 'order', order.id, '--full'], shop.testEnv.env);
  for (const setting of Object.values(off)) assert.match(out, new RegExp(`off: ${setting} is empty`));
});
