/** `ctk check`: whether parcels get the tracking numbers that `shipments.when` waits for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from '../fixtures/index.ts';
import { newOrder, startOrderShop } from '../mapping/order-fixture.ts';
import { ctkInProcess as ctk } from './in-process.ts';

const yesterday = new Date(Date.now() - 86_400_000).toISOString();

/** @returns the line of `ctk check` for a shop with one order that has these parcels in a delivery */
async function checked(parcels: Json[], settings: Json = {}): Promise<string | undefined> {
  await using shop = await startOrderShop({ overrides: { now: () => new Date() } });
  const delivery = { id: 'd', createdAt: yesterday, items: [], parcels };
  await shop.addRecords(newOrder({ createdAt: yesterday, shippingInfo: { deliveries: [delivery] } }));
  const { out } = await ctk(['check'], { ...shop.testEnv.env, NODE_CONFIG: JSON.stringify(settings) });
  return out.split('\n').find((line) => line.includes(' shipments.when: '));
}

test('deliveries without any tracking number are a warning that names the other settings', async () => {
  const none =
    /^warning shipments.when: it is tracking, and of 1 recent deliveries with 0 parcels .*: set it to delivery/;
  assert.match((await checked([])) ?? '', none);
  const returned = { id: 'r', trackingData: { trackingId: 'R-1', isReturn: true } };
  assert.match((await checked([{ id: 'p' }, returned])) ?? '', /with 1 parcels none .*: set it to parcel/);
});

test('a tracking number is fine; nothing is said where no number is waited for', async () => {
  const tracked = { id: 'p', trackingData: { trackingId: 'T-1' } };
  assert.match((await checked([tracked])) ?? '', /^ok +shipments.when: .* 1 with a tracking number$/);
  assert.equal(await checked([], { shipments: { when: 'delivery' } }), undefined);
  assert.equal(await checked([], { order: { metrics: { confirmedShipment: '' } } }), undefined);
});
