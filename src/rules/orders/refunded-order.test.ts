import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askMessage,
  askRecords,
  delivery,
  id,
  type Json,
  lookIn,
  money,
  order,
  payment,
  reference,
  run,
  settings,
  transaction,
  written,
} from '../../../test/fixtures/index.ts';
import type { RuleOutput } from '../types.ts';

const rule = 'refunded-order';
const refund = (own: string, overrides: Json = {}) => transaction({ id: id(own), ...overrides });
const paidBy = (...ids: string[]) => ({ paymentInfo: { payments: ids.map((own) => reference('payment', id(own))) } });

/** What arrives when the payment with this id tells of a transaction. */
async function told(payments: Json[], overrides: Json = {}, about = 'fa1', set: Json = {}): Promise<RuleOutput> {
  const lookups = lookIn({ payments, orders: [order(overrides)] });
  const body = delivery('PaymentTransactionStateChanged', reference('payment', id(about)), { state: 'Success' });
  return written(await askMessage(body, { rule, lookups, settings: settings(set) }));
}
const sentBy = ({ changes }: RuleOutput) =>
  changes.map((change) => (change.type === 'event' ? [change.uniqueId, change.value, change.time] : []));

test('a refund arrives under the id of its order, so that Klaviyo counts it in the lifetime value', async () => {
  const word = await told([payment()]);
  assert.deepEqual(sentBy(word), [[id('0a'), 59.9, '2026-03-15T09:30:00.000Z']]);
  const [event] = word.changes;
  assert.equal(event?.type === 'event' && event.metric, 'Refunded Order');
});

test('a second refund of the same order is its own event', async () => {
  const word = await told([payment({ transactions: [refund('7a1'), refund('7a2', { amount: money(1000) })] })]);
  assert.deepEqual(
    sentBy(word).map(([uniqueId, value]) => [uniqueId, value]),
    [
      [id('0a'), 59.9],
      [`${id('0a')}:${id('7a2')}`, 10],
    ],
  );
});

test('the first refund keeps the id of the order while it is pending and when it fails', async () => {
  for (const state of ['Pending', 'Failure']) {
    const word = await told([payment({ transactions: [refund('7a1', { state }), refund('7a2')] })]);
    assert.deepEqual(
      sentBy(word).map(([uniqueId]) => uniqueId),
      [`${id('0a')}:${id('7a2')}`],
    );
    assert.match(word.skips[0] ?? '', new RegExp(`${state} does not count`));
  }
});

test("a refund of another payment never has the order's id, whoever tells of it", async () => {
  const payments = [
    payment({ transactions: [refund('7a1', { type: 'Charge' })] }),
    payment({ id: id('fa2'), transactions: [refund('7b1')] }),
  ];
  for (const about of ['fa1', 'fa2']) {
    const word = await told(payments, paidBy('fa1', 'fa2'), about);
    assert.deepEqual(
      sentBy(word).map(([uniqueId]) => uniqueId),
      [`${id('0a')}:${id('7b1')}`],
    );
  }
});

test("a first payment that is gone does not lend the order's id to the next one", async () => {
  const word = await told([payment({ id: id('fa2'), transactions: [refund('7b1')] })], paidBy('dead', 'fa2'), 'fa2');
  assert.deepEqual(
    sentBy(word).map(([uniqueId]) => uniqueId),
    [`${id('0a')}:${id('7b1')}`],
  );
});

test('realtime, a run and a repeat agree on the ids', async () => {
  const transactions = [refund('7a1', { state: 'Pending' }), refund('7a2'), refund('7a3')];
  const word = await told([payment({ transactions })]);
  const page = await askRecords([order()], {
    rule,
    lookups: lookIn({ payments: [payment({ transactions })] }),
    cause: run,
  });
  assert.deepEqual(sentBy(written(page)), sentBy(word));
});

test('a chargeback and a charge are no refund', async () => {
  const transactions = [refund('7a1', { type: 'Chargeback' }), refund('7a2', { type: 'Charge' })];
  assert.deepEqual((await told([payment({ transactions })])).skips, ['no payment of the order has a refund']);
});

test('a refund of 0 is skipped, a negative one arrives as what went back, in its own currency', async () => {
  const word = await told([
    payment({ transactions: [refund('7a1', { amount: money(0) }), refund('7a2', { amount: money(-500, 'JPY', 0) })] }),
  ]);
  assert.deepEqual(word.skips, ['a refund of 0']);
  const [event] = word.changes;
  assert.deepEqual(event?.type === 'event' && [event.value, event.currency], [500, 'JPY']);
});

test("which states count is the merchant's choice", async () => {
  const set = { payment: { states: { validTransactionStates: ['Success', 'Pending'] } } };
  const word = await told([payment({ transactions: [refund('7a1', { state: 'Pending' })] })], {}, 'fa1', set);
  assert.equal(word.changes.length, 1);
});

test('without a timestamp the message says when, in a run the payment', async () => {
  const undated = payment({ transactions: [refund('7a1', { timestamp: undefined })] });
  assert.equal(sentBy(await told([undated]))[0]?.[2], '2026-03-15T08:00:00.000Z');
  const page = await askRecords([order()], { rule, lookups: lookIn({ payments: [undated] }), cause: run });
  assert.equal(sentBy(written(page))[0]?.[2], '2026-03-14T10:05:00.000Z');
});

test('a payment that is given to an order with its refund tells of it', async () => {
  const lookups = lookIn({ payments: [payment()], orders: [order()] });
  const body = delivery('OrderPaymentAdded', reference('order', id('0a')), {
    paymentRef: reference('payment', id('fa1')),
  });
  assert.equal(written(await askMessage(body, { rule, lookups })).changes.length, 1);
});

test('a payment of several orders tells of each', async () => {
  const orders = [order(), order({ id: id('0b'), ...paidBy('fa2', 'fa1') })];
  const lookups = lookIn({ payments: [payment()], orders });
  const words = await askMessage(delivery('PaymentCreated', reference('payment', id('fa1'))), { rule, lookups });
  assert.deepEqual(
    words.flatMap((word) => (word.outcome === 'mapped' ? sentBy(word.output).map(([uniqueId]) => uniqueId) : [])),
    [id('0a'), `${id('0b')}:${id('7a1')}`],
  );
});

test('an order with neither e-mail nor customer is skipped with the reason', async () => {
  const word = await told([payment()], { customerEmail: undefined, customerId: undefined });
  assert.deepEqual(word.skips, ['the order has neither e-mail nor customer id']);
});
