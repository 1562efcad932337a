import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  type Json,
  lookupsIn,
  mappedOutput,
  money,
  order,
  payment,
  reference,
  run,
  settings,
  transaction,
} from '../../../test/fixtures/index.ts';
import type { RuleOutput } from '../types.ts';

const rule = 'refunded-order';
const refund = (own: string, overrides: Json = {}) => transaction({ id: id(own), ...overrides });
const paidBy = (...ids: string[]) => ({ paymentInfo: { payments: ids.map((own) => reference('payment', id(own))) } });

/** The message about a transaction of the payment with this id. */
async function evaluated(payments: Json[], overrides: Json = {}, ref = 'fa1', set: Json = {}): Promise<RuleOutput> {
  const lookups = lookupsIn({ payments, orders: [order(overrides)] });
  const body = delivery('PaymentTransactionStateChanged', reference('payment', id(ref)), { state: 'Success' });
  return mappedOutput(await evaluateMessage(body, { rule, lookups, settings: settings(set) }));
}
const sentBy = ({ changes }: RuleOutput) =>
  changes.map((change) => (change.type === 'event' ? [change.uniqueId, change.value, change.time] : []));

test('the first refund has the id of its order, so that Klaviyo subtracts it from the lifetime value', async () => {
  const output = await evaluated([payment()]);
  assert.deepEqual(sentBy(output), [[id('0a'), 59.9, '2026-03-15T09:30:00.000Z']]);
  const [event] = output.changes;
  assert.equal(event?.type === 'event' && event.metric, 'Refunded Order');
});

test('a second refund of an order is its own event', async () => {
  const output = await evaluated([payment({ transactions: [refund('7a1'), refund('7a2', { amount: money(1000) })] })]);
  assert.deepEqual(
    sentBy(output).map(([uniqueId, value]) => [uniqueId, value]),
    [
      [id('0a'), 59.9],
      [`${id('0a')}:${id('7a2')}`, 10],
    ],
  );
});

test('the first refund keeps the id of the order while it is pending and when it fails', async () => {
  for (const state of ['Pending', 'Failure']) {
    const output = await evaluated([payment({ transactions: [refund('7a1', { state }), refund('7a2')] })]);
    assert.deepEqual(
      sentBy(output).map(([uniqueId]) => uniqueId),
      [`${id('0a')}:${id('7a2')}`],
    );
    assert.match(output.skips[0] ?? '', new RegExp(`${state} does not count`));
  }
});

test("a refund of another payment never has the order's id, whichever message reports it", async () => {
  const payments = [
    payment({ transactions: [refund('7a1', { type: 'Charge' })] }),
    payment({ id: id('fa2'), transactions: [refund('7b1')] }),
  ];
  for (const ref of ['fa1', 'fa2']) {
    const output = await evaluated(payments, paidBy('fa1', 'fa2'), ref);
    assert.deepEqual(
      sentBy(output).map(([uniqueId]) => uniqueId),
      [`${id('0a')}:${id('7b1')}`],
    );
  }
});

test("if the first payment was deleted, no refund of the next one has the order's id", async () => {
  const output = await evaluated(
    [payment({ id: id('fa2'), transactions: [refund('7b1')] })],
    paidBy('dead', 'fa2'),
    'fa2',
  );
  assert.deepEqual(
    sentBy(output).map(([uniqueId]) => uniqueId),
    [`${id('0a')}:${id('7b1')}`],
  );
});

test('realtime, a run and a redelivery give the same ids', async () => {
  const transactions = [refund('7a1', { state: 'Pending' }), refund('7a2'), refund('7a3')];
  const output = await evaluated([payment({ transactions })]);
  const page = await evaluateRecords([order()], {
    rule,
    lookups: lookupsIn({ payments: [payment({ transactions })] }),
    cause: run,
  });
  assert.deepEqual(sentBy(mappedOutput(page)), sentBy(output));
});

test('charges and chargebacks are not refunds', async () => {
  const transactions = [refund('7a1', { type: 'Chargeback' }), refund('7a2', { type: 'Charge' })];
  assert.deepEqual((await evaluated([payment({ transactions })])).skips, ['no payment of the order has a refund']);
});

test('a refund of 0 is skipped; a negative one is sent as a positive amount in its own currency', async () => {
  const output = await evaluated([
    payment({ transactions: [refund('7a1', { amount: money(0) }), refund('7a2', { amount: money(-500, 'JPY', 0) })] }),
  ]);
  assert.deepEqual(output.skips, ['a refund of 0']);
  const [event] = output.changes;
  assert.deepEqual(event?.type === 'event' && [event.value, event.currency], [500, 'JPY']);
});

test('the settings choose the states of refunds that are sent', async () => {
  const set = { payment: { states: { validTransactionStates: ['Success', 'Pending'] } } };
  const output = await evaluated([payment({ transactions: [refund('7a1', { state: 'Pending' })] })], {}, 'fa1', set);
  assert.equal(output.changes.length, 1);
});

test('without a timestamp the time of the message is sent, in a run the time of the payment', async () => {
  const undated = payment({ transactions: [refund('7a1', { timestamp: undefined })] });
  assert.equal(sentBy(await evaluated([undated]))[0]?.[2], '2026-03-15T08:00:00.000Z');
  const page = await evaluateRecords([order()], { rule, lookups: lookupsIn({ payments: [undated] }), cause: run });
  assert.equal(sentBy(mappedOutput(page))[0]?.[2], '2026-03-14T10:05:00.000Z');
});

test('adding a payment with a refund to an order sends the refund', async () => {
  const lookups = lookupsIn({ payments: [payment()], orders: [order()] });
  const body = delivery('OrderPaymentAdded', reference('order', id('0a')), {
    paymentRef: reference('payment', id('fa1')),
  });
  assert.equal(mappedOutput(await evaluateMessage(body, { rule, lookups })).changes.length, 1);
});

describe('a payment of several orders', () => {
  const early = '2026-03-13T10:00:00.000Z';
  async function refundsOf(orders: Json[], payments = [payment()]): Promise<(string | undefined)[][]> {
    const lookups = lookupsIn({ payments, orders });
    const body = delivery('PaymentCreated', reference('payment', id('fa1')));
    const evaluations = await evaluateMessage(body, { rule, lookups });
    return evaluations.map((one) =>
      one.outcome === 'mapped'
        ? [...sentBy(one.output).map(([uniqueId]) => String(uniqueId)), ...one.output.skips]
        : [],
    );
  }

  test('refunds once, on the order that was created first', async () => {
    const first = order({ id: id('0b'), createdAt: early });
    const [later, earlier] = await refundsOf([order(), first]);
    assert.deepEqual(earlier, [id('0b')]);
    assert.deepEqual(later, [`the payment is refunded on order ${id('0b')}, which was created first of those with it`]);
  });

  test('refunds of the same moment are on the order with the lowest id, in whatever state and place of the list', async () => {
    const orders = [order({ id: id('0b') }), order({ orderState: 'Cancelled', ...paidBy('fa2', 'fa1') })];
    assert.deepEqual((await refundsOf(orders))[1], [`${id('0a')}:${id('7a1')}`]);
    assert.match((await refundsOf(orders))[0]?.join() ?? '', /refunded on order/);
  });

  test('is not passed on when the first order cannot be sent', async () => {
    const first = order({ id: id('0b'), createdAt: early, customerEmail: undefined, customerId: undefined });
    const [later, earlier] = await refundsOf([order(), first]);
    assert.deepEqual(earlier, ['the order has neither e-mail nor customer id']);
    assert.match(later?.join() ?? '', /refunded on order/);
  });

  test('is looked up only for payments with a refund that counts', async () => {
    const lookups = lookupsIn({ payments: [payment({ transactions: [refund('7a1', { state: 'Failure' })] })] });
    const strict = { ...lookups, paidOrders: () => Promise.reject(new Error('looked up')) };
    const [evaluated] = await evaluateRecords([order()], { rule, lookups: strict, cause: run });
    assert.equal(evaluated?.outcome, 'mapped');
  });

  test('that the order names twice refunds once', async () => {
    const twice = order({ ...paidBy('fa1', 'fa1') });
    assert.deepEqual(await refundsOf([twice]), [[id('0a')]]);
  });
});

test('an order with neither e-mail nor customer is skipped with the reason', async () => {
  const output = await evaluated([payment()], { customerEmail: undefined, customerId: undefined });
  assert.deepEqual(output.skips, ['the order has neither e-mail nor customer id']);
});
