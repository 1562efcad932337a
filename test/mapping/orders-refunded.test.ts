/** Order refunded: one event for each refund, counted once, whoever saw it first. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Json, money, reference, transaction } from '../fixtures/index.ts';
import { type Made, newOrder, newPayment, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const charge = () => transaction({ id: randomUUID(), type: 'Charge', amount: money(12_280) });
const refund = (overrides: Json = {}) => transaction({ id: randomUUID(), ...overrides });

/** An order with a payment for each list of transactions, all in the shop. */
async function paid(...transactions: Json[][]) {
  const payments = transactions.map((list) => newPayment({ transactions: list }));
  const paymentInfo = { payments: payments.map(({ id }) => reference('payment', id)) };
  const order = newOrder({ paymentInfo });
  await shop.addRecords(order);
  for (const one of payments) await shop.addRecords(one);
  const [first] = payments;
  assert.ok(first);
  return { order, payments, first };
}
const now = (payment: Made, ...transactions: Json[]) =>
  shop.addRecords({ ...payment, record: { ...payment.record, transactions } });
const sendPaymentMessage = async ({ ref }: Made, type = 'PaymentTransactionStateChanged', own: Json = {}) =>
  assert.equal(await shop.sendMessage(type, ref, own), 204);
const synced = async (order: Made) => assert.equal((await shop.sync('orders', [order])).state, 'completed');
/** unique_id and value of what arrived, in the order of arrival. */
async function refundsOf(order: Made) {
  const seen = await shop.events({ metric: 'Refunded Order', profile: order.email });
  return seen.map(({ unique_id, value }) => [unique_id, value]);
}

describe('one refund', () => {
  for (const type of ['PaymentTransactionAdded', 'PaymentTransactionStateChanged', 'PaymentCreated']) {
    test(`${type}: a Refunded Order under the id of its Placed Order, with the amount that went back`, async () => {
      const { order, first } = await paid([charge(), refund({ amount: money(5_990) })]);
      await sendPaymentMessage(first, type);
      const seen = await shop.event('Refunded Order', order.id);
      assert.deepEqual([seen.value, seen.value_currency, seen.profile.email], [59.9, 'EUR', order.email]);
      assert.deepEqual([seen.time, seen.backfill], ['2026-03-15T09:30:00+00:00', false]);
      assert.equal((await shop.profile(order.email)).location.city, 'Berlin');
    });
  }

  test('the field mapping is the same as Placed Order event', async () => {
    const { order, first } = await paid([refund()]);
    assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
    await sendPaymentMessage(first);
    const [placed, refunded] = [
      await shop.event('Placed Order', order.id),
      await shop.event('Refunded Order', order.id),
    ];
    assert.deepEqual(refunded.properties, placed.properties);
  });

  test('OrderPaymentAdded: a payment that came with its refund is seen', async () => {
    const { order } = await paid([refund()]);
    await sendPaymentMessage(order, 'OrderPaymentAdded');
    assert.deepEqual(await refundsOf(order), [[order.id, 59.9]]);
  });

  test('payloadNotIncluded: the payment is read anyway', async () => {
    const { order, first } = await paid([refund()]);
    assert.equal(await shop.sendWithoutPayload('PaymentTransactionAdded', first.ref), 204);
    assert.deepEqual(await refundsOf(order), [[order.id, 59.9]]);
  });

  test('in bulk it goes along with the order', async () => {
    const { order } = await paid([charge(), refund()]);
    await synced(order);
    assert.deepEqual(await refundsOf(order), [[order.id, 59.9]]);
  });

  test('repeated messages after a bulk sync create no second event', async () => {
    const { order, first } = await paid([refund()]);
    await synced(order);
    await sendPaymentMessage(first, 'PaymentTransactionAdded');
    await sendPaymentMessage(first);
    await sendPaymentMessage(order, 'OrderPaymentAdded');
    await synced(order);
    assert.deepEqual(await refundsOf(order), [[order.id, 59.9]]);
  });

  test('a negative amount counts as what it is: money that went back', async () => {
    const { order, first } = await paid([refund({ amount: money(-1_000) })]);
    await sendPaymentMessage(first);
    assert.deepEqual(await refundsOf(order), [[order.id, 10]]);
  });

  test("value = the amount in the transaction's currency", async () => {
    const { order, first } = await paid([refund({ amount: money(700, 'JPY', 0) })]);
    await sendPaymentMessage(first);
    const { value, value_currency } = await shop.event('Refunded Order', order.id);
    assert.deepEqual([value, value_currency], [700, 'JPY']);
  });
});

describe('what is no refund', () => {
  const none: Record<string, [Json, RegExp]> = {
    'of 0': [refund({ amount: money(0) }), /a refund of 0/],
    'that failed': [refund({ state: 'Failure' }), /refund that is Failure does not count/],
    'that is pending': [refund({ state: 'Pending' }), /refund that is Pending does not count/],
    'that is a chargeback': [refund({ type: 'Chargeback' }), /no payment of the order has a refund/],
  };
  for (const [which, [one, reason]] of Object.entries(none)) {
    test(`a refund ${which} is skipped with the reason, in realtime and in bulk`, async () => {
      const { order, first } = await paid([charge(), one]);
      await sendPaymentMessage(first);
      await synced(order);
      assert.deepEqual(await refundsOf(order), []);
      assert.match(shop.reasons(first).join() + shop.reasons(order).join(), reason);
    });
  }

  test('a payment without an order is skipped with the reason', async () => {
    const payment = newPayment();
    await shop.addRecords(payment);
    await sendPaymentMessage(payment);
    assert.deepEqual(shop.reasons(payment), ['no order has this payment']);
  });
});

describe('several refunds', () => {
  test('a second refund of the same order is its own event', async () => {
    const [one, two] = [refund({ amount: money(1_000) }), refund({ amount: money(2_000) })];
    const { order, first } = await paid([charge(), one]);
    await sendPaymentMessage(first, 'PaymentTransactionAdded');
    await now(first, charge(), one, two);
    await sendPaymentMessage(first, 'PaymentTransactionAdded');
    assert.deepEqual(await refundsOf(order), [
      [order.id, 10],
      [`${order.id}:${two.id}`, 20],
    ]);
  });

  test('one seen while pending is counted in full when it succeeds, never at 0', async () => {
    const one = refund({ state: 'Pending' });
    const { order, first } = await paid([one]);
    await sendPaymentMessage(first, 'PaymentTransactionAdded');
    assert.deepEqual(await refundsOf(order), []);
    await now(first, { ...one, state: 'Success' });
    await sendPaymentMessage(first);
    assert.deepEqual(await refundsOf(order), [[order.id, 59.9]]);
  });

  test('each sends every valid refund that it finds: one whose message was lost is made up for', async () => {
    const [one, two] = [refund({ amount: money(1_000) }), refund({ amount: money(2_000) })];
    const { order, first } = await paid([one, two]);
    await sendPaymentMessage(first);
    assert.equal((await refundsOf(order)).length, 2);
  });

  test('the first by position carries the order id whatever its state, so who sees them in another order agrees', async () => {
    const [slow, quick] = [refund({ state: 'Pending', amount: money(1_000) }), refund({ amount: money(2_000) })];
    const { order, first } = await paid([slow, quick]);
    await sendPaymentMessage(first);
    assert.deepEqual(await refundsOf(order), [[`${order.id}:${quick.id}`, 20]]);
    await now(first, { ...slow, state: 'Success' }, quick);
    await synced(order);
    assert.deepEqual(await refundsOf(order), [
      [`${order.id}:${quick.id}`, 20],
      [order.id, 10],
    ]);
  });

  test('of two payments the first one has the refund under the order id, the other one its own', async () => {
    const [one, two] = [refund({ amount: money(1_000) }), refund({ amount: money(2_000) })];
    const { order, payments } = await paid([one], [two]);
    const [, second] = payments;
    assert.ok(second);
    await sendPaymentMessage(second);
    const seen = await refundsOf(order);
    assert.deepEqual(
      new Map(seen.map(([uniqueId, value]) => [uniqueId, value])),
      new Map([
        [order.id, 10],
        [`${order.id}:${two.id}`, 20],
      ]),
    );
  });

  test('if the first payment has none, no refund of the order carries its id', async () => {
    const two = refund();
    const { order } = await paid([charge()], [two]);
    await synced(order);
    assert.deepEqual(await refundsOf(order), [[`${order.id}:${two.id}`, 59.9]]);
  });

  test('if the first payment is gone, no refund of the order carries its id', async () => {
    const two = refund();
    const payment = newPayment({ transactions: [two] });
    const payments = [reference('payment', randomUUID()), reference('payment', payment.id)];
    const order = newOrder({ paymentInfo: { payments } });
    await shop.addRecords(payment);
    await shop.addRecords(order);
    await sendPaymentMessage(payment);
    assert.deepEqual(await refundsOf(order), [[`${order.id}:${two.id}`, 59.9]]);
  });

  test('a first payment that is refunded later still gets the order id', async () => {
    const [one, two] = [refund({ amount: money(1_000) }), refund({ amount: money(2_000) })];
    const { order, first, payments } = await paid([charge()], [two]);
    await sendPaymentMessage(payments[1] ?? first);
    await now(first, charge(), one);
    await sendPaymentMessage(first);
    assert.deepEqual(await refundsOf(order), [
      [`${order.id}:${two.id}`, 20],
      [order.id, 10],
    ]);
  });
});

describe('when it happened', () => {
  const untimed = () => refund({ timestamp: undefined });

  test("without a timestamp, the message's createdAt", async () => {
    const { order, first } = await paid([untimed()]);
    await sendPaymentMessage(first, 'PaymentTransactionAdded', { createdAt: '2026-03-15T11:11:00.000Z' });
    assert.equal((await shop.event('Refunded Order', order.id)).time, '2026-03-15T11:11:00+00:00');
  });

  test("in bulk, the payment's lastModifiedAt", async () => {
    const { order } = await paid([untimed()]);
    await synced(order);
    assert.equal((await shop.event('Refunded Order', order.id)).time, '2026-03-14T10:05:00+00:00');
  });
});

test('a refund of an order without identity is skipped with the reason', async () => {
  const payment = newPayment({ transactions: [refund()] });
  const order = newOrder({ customerEmail: undefined, paymentInfo: { payments: [reference('payment', payment.id)] } });
  await shop.addRecords(payment);
  await shop.addRecords(order);
  await sendPaymentMessage(payment);
  assert.match(shop.reasons(payment).join(), /neither e-mail nor customer id/);
  assert.deepEqual(await shop.events({ metric: 'Refunded Order', unique_id: order.id }), []);
});
