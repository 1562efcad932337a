/** Order fulfilled, order cancelled: an order comes into a state that means it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Json } from '../fixtures/index.ts';
import { type Made, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const meanings = [
  ['Fulfilled Order', 'Complete'],
  ['Fulfilled Order', 'Confirmed'],
  ['Cancelled Order', 'Cancelled'],
] as const;

async function changed(order: Made, orderState: string): Promise<void> {
  await shop.addRecords({ ...order, record: { ...order.record, orderState } });
  const stateChange = { orderState, oldOrderState: 'Open', createdAt: '2026-03-15T17:20:00.000Z' };
  assert.equal(await shop.sendMessage('OrderStateChanged', order.ref, stateChange), 204);
}
async function synced(order: Made): Promise<void> {
  await shop.addRecords(order);
  assert.equal((await shop.sync('orders', [order])).counts.delivered, 1);
}
const metricsOf = async ({ id }: Made) => (await shop.events({ unique_id: id })).map(({ metric }) => metric).toSorted();

for (const [metric, state] of meanings) {
  describe(`an order that becomes ${state}`, () => {
    test(`is a ${metric} with the fields of Placed Order, at the time of the message`, async () => {
      const order = newOrder();
      await changed(order, state);
      const placed = await shop.placed({ ...order.record, id: randomUUID() });
      const seen = await shop.event(metric, order.id);
      assert.deepEqual([seen.value, seen.value_currency, seen.profile.email], [122.8, 'EUR', order.email]);
      assert.deepEqual([seen.time, seen.backfill], ['2026-03-15T17:20:00+00:00', false]);
      const { id: _placed, orderState: _open, ...same } = placed.properties;
      const { id, orderState, ...others } = seen.properties;
      assert.deepEqual([id, orderState, others], [order.id, state, same]);
    });

    test('payloadNotIncluded: the state of the fetched order counts', async () => {
      const order = newOrder({ orderState: state });
      await shop.addRecords(order);
      assert.equal(await shop.sendWithoutPayload('OrderStateChanged', order.ref), 204);
      assert.equal((await shop.event(metric, order.id)).time, '2026-03-15T08:00:00+00:00');
    });

    test('a second message of the same change creates no second event', async () => {
      const order = newOrder();
      await changed(order, state);
      await changed(order, state);
      assert.deepEqual(await metricsOf(order), [metric]);
    });

    test(`in bulk it is a Placed Order and a ${metric}`, async () => {
      const order = newOrder({ orderState: state });
      await synced(order);
      assert.deepEqual(await metricsOf(order), [metric, 'Placed Order'].toSorted());
    });

    test('a message after a bulk sync creates no second event', async () => {
      const order = newOrder({ orderState: state });
      await synced(order);
      await changed(order, state);
      assert.deepEqual(await metricsOf(order), [metric, 'Placed Order'].toSorted());
    });

    test('the billing address travels with it in realtime', async () => {
      const order = newOrder();
      await changed(order, state);
      assert.equal((await shop.profile(order.email)).location.city, 'Berlin');
    });
  });
}

test('the state of the message counts, also when the order has moved on since', async () => {
  const order = newOrder({ orderState: 'Cancelled' });
  await shop.addRecords(order);
  assert.equal(
    await shop.sendMessage('OrderStateChanged', order.ref, { orderState: 'Complete', oldOrderState: 'Open' }),
    204,
  );
  assert.deepEqual(await metricsOf(order), ['Fulfilled Order']);
});

test('any other state is skipped with the reason', async () => {
  const order = newOrder();
  await changed(order, 'Open');
  assert.deepEqual(await metricsOf(order), []);
  assert.match(shop.reasons(order).join(), /an order that is Open does not count as fulfilled/);
});

describe('when it happened, in bulk: no invented times', () => {
  const lastModifiedAt = '2026-03-12T00:00:00.000Z';
  const deliveries = [{ createdAt: '2026-03-10T10:00:00.000Z' }, { createdAt: '2026-03-11T10:00:00.000Z' }];
  const timeOf = async (metric: string, overrides: Json) => {
    const order = newOrder({ createdAt: '2026-03-09T09:00:00.000Z', lastModifiedAt, ...overrides });
    await synced(order);
    return (await shop.event(metric, order.id)).time;
  };

  test('completedAt, where the order has it', async () => {
    const known = { completedAt: '2026-03-09T10:00:00.000Z', shippingInfo: { shippingMethodName: 'x', deliveries } };
    assert.equal(await timeOf('Fulfilled Order', { orderState: 'Complete', ...known }), '2026-03-09T10:00:00+00:00');
    assert.equal(await timeOf('Cancelled Order', { orderState: 'Cancelled', ...known }), '2026-03-09T10:00:00+00:00');
  });

  test('else for a fulfilment the latest delivery, whichever way it is shipped', async () => {
    const single = { shippingInfo: { shippingMethodName: 'x', deliveries } };
    assert.equal(await timeOf('Fulfilled Order', { orderState: 'Complete', ...single }), '2026-03-11T10:00:00+00:00');
    const multiple = { shippingMode: 'Multiple', shipping: [{ shippingInfo: { deliveries: [deliveries[0]] } }] };
    assert.equal(await timeOf('Fulfilled Order', { orderState: 'Complete', ...multiple }), '2026-03-10T10:00:00+00:00');
  });

  test('else lastModifiedAt; a cancellation has no delivery', async () => {
    const single = { shippingInfo: { shippingMethodName: 'x', deliveries } };
    assert.equal(await timeOf('Fulfilled Order', { orderState: 'Complete' }), '2026-03-12T00:00:00+00:00');
    assert.equal(await timeOf('Cancelled Order', { orderState: 'Cancelled', ...single }), '2026-03-12T00:00:00+00:00');
  });
});
