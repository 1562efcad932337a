/** What a merchant may tune about the events of orders, seen on the events. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Json, lineItem, money, transaction } from '../fixtures/index.ts';
import {
  type Made,
  newAddress,
  newOrder,
  newPayment,
  type OrderShop,
  type SeenEvent,
  startOrderShop,
} from './order-fixture.ts';

/** The same order as realtime and as bulk bring it, in a world of these settings. */
async function placedWith(settings: Json, overrides: Json = {}): Promise<Json> {
  const seen: Json[] = [];
  await using shop = await startOrderShop({ settings });
  for (const way of ['realtime', 'bulk']) {
    const order = newOrder({ orderNumber: 'N-1', ...overrides });
    if (way === 'realtime') await arrives(shop, order);
    else {
      await shop.addRecords(order);
      await shop.sync('orders', [order]);
    }
    const { properties } = await shop.event('Placed Order', order.id);
    const { id: _id, customerEmail: _email, lineItems: _lines, ...comparable } = properties;
    seen.push(comparable);
  }
  const [realtime, bulk] = seen;
  assert.deepEqual(realtime, bulk);
  return realtime ?? {};
}

async function arrives(shop: OrderShop, { ref, record }: Made, type = 'OrderCreated'): Promise<void> {
  assert.equal(await shop.sendMessage(type, ref, { order: record }), 204);
}

async function becomes(shop: OrderShop, order: Made, orderState: string): Promise<void> {
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderStateChanged', order.ref, { orderState, oldOrderState: 'Open' }), 204);
}

const names = (properties: Json) => Object.keys(properties).toSorted();
const custom = (fields: Json) => ({ custom: { type: { typeId: 'type', id: 'x' }, fields } });

describe('order.properties', () => {
  test('include: only these of the order, and of our names only those whose source is among them', async () => {
    const seen = await placedWith({ order: { properties: { include: ['orderNumber', 'country'] } } }, custom({}));
    assert.deepEqual(names(seen), ['Categories', 'ItemNames', 'OrderId', 'country', 'orderNumber']);
  });

  test('Items and Brands need lineItems, DiscountCode and DiscountValue their own sources, addresses theirs', async () => {
    const include = ['lineItems', 'discountCodes', 'discountOnTotalPrice', 'billingAddress'];
    const seen = await placedWith({ order: { properties: { include } } }, custom({}));
    const ours = ['BillingAddress', 'Brands', 'Categories', 'DiscountCode', 'DiscountValue', 'ItemNames', 'Items'];
    assert.deepEqual(names(seen), [...ours, 'billingAddress', 'discountCodes', 'discountOnTotalPrice'].toSorted());
  });

  test('exclude removes and wins over include, and takes our names and what came from them', async () => {
    const filter = {
      include: ['orderNumber', 'country', 'billingAddress'],
      exclude: ['country', 'OrderId', 'ItemNames'],
    };
    const seen = await placedWith({ order: { properties: filter } }, custom({}));
    assert.deepEqual(names(seen), ['BillingAddress', 'Categories', 'billingAddress', 'orderNumber']);
    const without = await placedWith({ order: { properties: { exclude: ['billingAddress', 'shippingAddress'] } } });
    for (const name of ['billingAddress', 'BillingAddress', 'shippingAddress', 'ShippingAddress'])
      assert.ok(!(name in without), name);
  });

  test('map renames: the old name is not sent, and the new one beats one of ours', async () => {
    const map = { orderNumber: 'Number', country: 'OrderId' };
    const seen = await placedWith({ order: { properties: { map } } });
    assert.deepEqual([seen.Number, seen.OrderId], ['N-1', 'DE']);
    assert.ok(!('orderNumber' in seen) && !('country' in seen));
  });

  test("klaviyoNames: false sends commercetools' own only, as the open-source plugin did", async () => {
    const seen = await placedWith({ order: { properties: { klaviyoNames: false } } });
    for (const name of ['OrderId', 'Items', 'Brands', 'DiscountCode', 'DiscountValue', 'BillingAddress'])
      assert.ok(!(name in seen), name);
    assert.deepEqual([seen.orderNumber, seen.ItemNames], ['N-1', ['Slim Jeans', 'Gift wrapping']]);
  });

  test("raw: false leaves commercetools' JSON out", async () => {
    const seen = await placedWith({ order: { properties: { raw: false } } }, custom({ note: 'quick' }));
    assert.deepEqual(names(seen), [
      ...['BillingAddress', 'Brands', 'Categories', 'DiscountCode', 'DiscountValue', 'ItemNames', 'Items', 'OrderId'],
      ...['ShippingAddress', 'note'],
    ]);
  });
});

describe('order.customFields.properties', () => {
  const fields = custom({ gift: false, points: 0, note: '', channel: 'app' });
  const customOf = async (filter: Json) => {
    const { gift, points, note, channel, Channel } = await placedWith(
      { order: { customFields: { properties: filter } } },
      fields,
    );
    return { gift, points, note, channel, Channel };
  };
  const none = { gift: undefined, points: undefined, note: undefined, channel: undefined, Channel: undefined };

  test('empty include: all; empty text is left out, false and 0 are values', async () => {
    assert.deepEqual(await customOf({}), { ...none, gift: false, points: 0, channel: 'app' });
  });

  test('include, exclude and map', async () => {
    const filter = { include: ['gift', 'channel', 'points'], exclude: ['points'], map: { channel: 'Channel' } };
    assert.deepEqual(await customOf(filter), { ...none, gift: false, Channel: 'app' });
  });
});

test('a line item goes along whole, whatever the filter of the order includes; klaviyoNames and raw bear on it too', async () => {
  const lineOf = async (properties: Json) => {
    await using shop = await startOrderShop({ settings: { order: { properties } } });
    const own = lineItem({ id: randomUUID() });
    await arrives(shop, newOrder({ lineItems: [own] }));
    return { own, seen: (await shop.event('Ordered Product', String(own.id))).properties };
  };
  const included = await lineOf({ include: ['orderNumber'] });
  for (const [name, value] of Object.entries(included.own).filter(([, one]) => !Array.isArray(one)))
    assert.deepEqual(included.seen[name], value, name);
  const { seen: plain } = await lineOf({ klaviyoNames: false });
  assert.ok(!('SKU' in plain) && 'variant' in plain);
  const { seen: ours } = await lineOf({ raw: false });
  assert.ok('SKU' in ours && !('variant' in ours));
});

test('order.metrics: each event has the name that the merchant gives it', async () => {
  const metrics = {
    placedOrder: 'Bought',
    orderedProduct: 'Bought a Thing',
    fulfilledOrder: 'Sent',
    cancelledOrder: 'Called off',
    refundedOrder: 'Paid back',
  };
  await using shop = await startOrderShop({ settings: { order: { metrics } } });
  const payment = newPayment();
  const order = newOrder({ paymentInfo: { payments: [payment.ref] } });
  await arrives(shop, order);
  await shop.addRecords(payment);
  await becomes(shop, order, 'Complete');
  assert.equal(await shop.sendMessage('OrderStateChanged', order.ref, { orderState: 'Cancelled' }), 204);
  assert.equal(await shop.sendMessage('PaymentTransactionAdded', payment.ref), 204);
  const seen = (await shop.events({ profile: order.email })).map(({ metric }) => metric).toSorted();
  assert.deepEqual(seen, Object.values(metrics).toSorted());
});

describe('order.states', () => {
  test('created.placedOrder: which states count as placed', async () => {
    const settings = { order: { states: { created: { placedOrder: ['Confirmed'] } } } };
    await using shop = await startOrderShop({ settings });
    const [open, confirmed] = [newOrder(), newOrder({ orderState: 'Confirmed' })];
    await arrives(shop, open);
    await arrives(shop, confirmed);
    assert.deepEqual(await shop.events({ profile: open.email }), []);
    assert.equal((await shop.event('Placed Order', confirmed.id)).value, 122.8);
  });

  test('changed: a state in both lists cancels', async () => {
    const changed = { cancelledOrder: ['Cancelled', 'Complete'], fulfilledOrder: ['Complete'] };
    await using shop = await startOrderShop({ settings: { order: { states: { changed } } } });
    const order = newOrder();
    await becomes(shop, order, 'Complete');
    const seen = (await shop.events({ profile: order.email })).map(({ metric }) => metric);
    assert.deepEqual(seen, ['Cancelled Order']);
  });
});

test('order.messages and payment.messages replace the default triggers', async () => {
  const settings = {
    order: { messages: { created: ['OrderImported'], changed: ['OrderShipmentStateChanged'] } },
    payment: { messages: { transactionAdded: ['PaymentInterfaceIdSet'], transactionChanged: [] } },
  };
  await using shop = await startOrderShop({ settings });
  const payment = newPayment();
  const order = newOrder({ orderState: 'Open', paymentInfo: { payments: [payment.ref] } });
  await shop.addRecords(payment);
  await arrives(shop, order, 'OrderCreated');
  await becomes(shop, order, 'Cancelled');
  assert.equal(await shop.sendMessage('PaymentTransactionAdded', payment.ref), 204);
  assert.deepEqual(await shop.events({ profile: order.email }), []);
  await arrives(shop, order, 'OrderImported');
  await shop.addRecords({ ...order, record: { ...order.record, orderState: 'Complete' } });
  assert.equal(await shop.sendMessage('OrderShipmentStateChanged', order.ref, { shipmentState: 'Shipped' }), 204);
  assert.equal(await shop.sendMessage('PaymentInterfaceIdSet', payment.ref), 204);
  const seen = (await shop.events({ profile: order.email })).map(({ metric }) => metric).toSorted();
  assert.deepEqual(seen, ['Fulfilled Order', 'Ordered Product', 'Placed Order', 'Refunded Order']);
});

test('payment.states.validTransactionStates: which refunds count', async () => {
  await using shop = await startOrderShop({
    settings: { payment: { states: { validTransactionStates: ['Pending'] } } },
  });
  const transactions = ['Success', 'Pending'].map((state) =>
    transaction({ id: randomUUID(), state, amount: money(100) }),
  );
  const payment = newPayment({ transactions });
  const order = newOrder({ paymentInfo: { payments: [payment.ref] } });
  await shop.addRecords(order);
  await shop.addRecords(payment);
  assert.equal(await shop.sendMessage('PaymentTransactionStateChanged', payment.ref), 204);
  const [only, ...others] = await shop.events({ metric: 'Refunded Order', profile: order.email });
  assert.deepEqual([only?.unique_id, others.length], [`${order.id}:${transactions[1]?.id}`, 0]);
});

test('order.valueCurrency: false sends the value without its currency', async () => {
  await using shop = await startOrderShop({ settings: { order: { valueCurrency: false } } });
  const { value, value_currency } = await shop.placed();
  assert.deepEqual([value, value_currency], [122.8, null]);
});

describe('order.profileLocation', () => {
  for (const [where, expected] of Object.entries({
    always: ['Hamburg', 'Bremen'],
    created: ['Hamburg', 'Hamburg'],
    never: [undefined, undefined],
  })) {
    test(`${where}: the place after an order that came in, and after it was fulfilled`, async () => {
      await using shop = await startOrderShop({ settings: { order: { profileLocation: where } } });
      const order = newOrder({ billingAddress: newAddress({ city: 'Hamburg' }) });
      await arrives(shop, order);
      const placed = (await shop.profile(order.email)).location.city;
      const moved = { ...order, record: { ...order.record, billingAddress: newAddress({ city: 'Bremen' }) } };
      await becomes(shop, moved, 'Complete');
      assert.deepEqual([placed, (await shop.profile(order.email)).location.city], expected);
    });
  }
});

describe('order.reasonField', () => {
  test('Reason on cancelled and refunded, from a custom field of the order; on no other event', async () => {
    await using shop = await startOrderShop({ settings: { order: { reasonField: 'cancelReason' } } });
    const payment = newPayment();
    const order = newOrder({ paymentInfo: { payments: [payment.ref] } });
    await arrives(shop, order);
    await shop.addRecords(payment);
    await becomes(shop, order, 'Complete');
    await becomes(shop, order, 'Cancelled');
    assert.equal(await shop.sendMessage('PaymentTransactionAdded', payment.ref), 204);
    const reasons = (await shop.events({ profile: order.email })).map(({ metric, properties }) => [
      metric,
      properties.Reason,
    ]);
    assert.deepEqual(Object.fromEntries(reasons), {
      'Placed Order': undefined,
      'Ordered Product': undefined,
      'Fulfilled Order': undefined,
      'Cancelled Order': 'ordered twice',
      'Refunded Order': 'ordered twice',
    });
  });
});

test('product.brandAttribute: which attribute is the brand', async () => {
  const seen = await placedWith({ product: { brandAttribute: 'size' } });
  assert.deepEqual(seen.Brands, ['S']);
});

describe('historical events do not trigger flows', () => {
  const flows = (events: readonly SeenEvent[]) => [
    ...new Set(events.map(({ wouldTriggerFlows }) => wouldTriggerFlows)),
  ];

  test('events of a sync do not trigger flows', async () => {
    await using shop = await startOrderShop();
    const order = newOrder({ orderState: 'Complete' });
    await shop.addRecords(order);
    await shop.sync('orders', [order]);
    assert.deepEqual(flows(await shop.events({ profile: order.email })), [false]);
  });

  test('{backfill: false}, a repair of missed orders, does', async () => {
    await using shop = await startOrderShop();
    const order = newOrder({ orderState: 'Complete' });
    await shop.addRecords(order);
    await shop.sync('orders', [order], { backfill: false, confirm: 'flows' });
    assert.deepEqual(flows(await shop.events({ profile: order.email })), [true]);
  });

  test('events older than order.backfillAfterDays do not trigger flows, recent ones do', async () => {
    await using shop = await startOrderShop();
    const [fresh, old] = [newOrder(), newOrder({ createdAt: '2026-03-09T11:59:00.000Z' })];
    for (const order of [fresh, old]) await arrives(shop, order, 'OrderImported');
    assert.deepEqual(flows(await shop.events({ profile: fresh.email })), [true]);
    assert.deepEqual(flows(await shop.events({ profile: old.email })), [false]);
    await using patient = await startOrderShop({ settings: { order: { backfillAfterDays: 30 } } });
    await arrives(patient, old, 'OrderImported');
    assert.deepEqual(flows(await patient.events({ profile: old.email })), [true]);
  });
});

test('{startId}: orders from this id on, in id order, and none before it', async () => {
  await using shop = await startOrderShop();
  const orders = [newOrder(), newOrder(), newOrder()].toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const [before, from, after] = orders;
  assert.ok(before && from && after);
  await shop.addRecords(before, from, after);
  const run = await shop.testEnv.sync('orders', { startId: from.id });
  assert.equal(run.counts.read, 2);
  const placed = (await shop.events({ metric: 'Placed Order' })).map(({ unique_id }) => unique_id);
  assert.deepEqual(placed.toSorted(), [from.id, after.id]);
});
