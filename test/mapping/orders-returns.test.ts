/** Returns of an order: from the messages about its return items to the events in Klaviyo. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Json, lineItem, money } from '../fixtures/index.ts';
import { type Made, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const line = (id: string, quantity: number, cents: number): Json =>
  lineItem({ id, quantity, price: { value: money(1_000) }, totalPrice: money(cents) });
const lines = [line('line-a', 3, 2_700), line('line-b', 1, 1_000)];
const advisedAt = '2026-03-15T09:00:00.000Z';
const receivedAt = '2026-03-15T11:00:00.000Z';

function item(id: string, lineItemId: string, quantity: number, shipmentState = 'Advised'): Json {
  const lastModifiedAt = shipmentState === 'Advised' ? advisedAt : receivedAt;
  const states = { shipmentState, paymentState: 'Initial' };
  return { id, type: 'LineItemReturnItem', lineItemId, quantity, ...states, createdAt: advisedAt, lastModifiedAt };
}

const advised = { items: [item('return-1', 'line-a', 2), item('return-2', 'line-b', 1)] };
const partlyReceived = { items: [item('return-1', 'line-a', 2, 'Returned'), item('return-2', 'line-b', 1)] };

/** Puts the order with these returns into the shop. */
async function withReturns(order: Made, ...returnInfo: Json[]): Promise<void> {
  await shop.addRecords({ ...order, record: { ...order.record, lineItems: lines, returnInfo } });
}

async function eventsOf(order: Made): Promise<unknown[]> {
  const listed = await Promise.all(['Return Requested', 'Return Received'].map((metric) => shop.events({ metric })));
  return listed
    .flat()
    .filter(({ unique_id }) => unique_id?.startsWith(order.id))
    .map(({ metric, unique_id, value }) => [metric, unique_id?.replace(`${order.id}:`, ''), value])
    .toSorted((left, right) => (left.join() < right.join() ? -1 : 1));
}

const requested = [
  ['Return Requested', 'return-1', 18],
  ['Return Requested', 'return-2', 10],
];
const received = ['Return Received', 'return-1', 18];

test('a return of two lines, of which one arrives, is two requests and one receipt; the same items again are nothing new', async () => {
  const order = newOrder({ lineItems: lines });
  await withReturns(order, advised);
  assert.equal(
    await shop.sendMessage('ReturnInfoAdded', order.ref, { returnInfo: advised, createdAt: advisedAt }),
    204,
  );
  assert.deepEqual(await eventsOf(order), requested);

  await withReturns(order, partlyReceived);
  const change = { returnItemId: 'return-1', returnShipmentState: 'Returned', createdAt: receivedAt };
  assert.equal(await shop.sendMessage('OrderReturnShipmentStateChanged', order.ref, change), 204);
  assert.deepEqual(await eventsOf(order), [received, ...requested]);
  assert.equal((await shop.event('Return Received', `${order.id}:return-1`)).time, '2026-03-15T11:00:00+00:00');

  const again = { returnInfo: [partlyReceived], createdAt: receivedAt };
  assert.equal(await shop.sendMessage('ReturnInfoSet', order.ref, again), 204);
  assert.equal((await shop.sync('orders', [order])).state, 'completed');
  assert.deepEqual(await eventsOf(order), [received, ...requested]);
});

test('a sync sends the returns of an order as history', async () => {
  const order = newOrder({ lineItems: lines });
  await withReturns(order, partlyReceived);
  await shop.sync('orders', [order]);
  assert.deepEqual(await eventsOf(order), [received, ...requested]);
  assert.equal((await shop.event('Return Requested', `${order.id}:return-2`)).backfill, true);
});

for (const type of ['ReturnInfoAdded', 'ReturnInfoSet', 'OrderReturnShipmentStateChanged']) {
  test(`payloadNotIncluded: ${type} sends the returns that the order has`, async () => {
    const order = newOrder({ lineItems: lines });
    await withReturns(order, partlyReceived);
    assert.equal(await shop.sendWithoutPayload(type, order.ref), 204);
    assert.deepEqual(await eventsOf(order), [received, ...requested]);
  });
}
