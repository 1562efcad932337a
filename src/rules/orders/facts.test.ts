import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  askMessage,
  askRecords,
  delivery,
  id,
  lookIn,
  order,
  reference,
  run,
  skippedBecause,
  withoutPayload,
  written,
} from '../../../test/fixtures/index.ts';

const about = reference('order', id('0a'));

test('a message that is too large for its broker leads to the order itself', async () => {
  const told = await askMessage(withoutPayload('OrderCreated', about), {
    rule: 'placed-order',
    lookups: lookIn({ orders: [order()] }),
  });
  assert.equal(written(told).changes.length, 1);
});

test('an order that is gone is skipped with the reason', async () => {
  const told = await askMessage(withoutPayload('OrderCreated', about), { rule: 'placed-order', lookups: lookIn({}) });
  assert.equal(skippedBecause(told), 'the order no longer exists');
});

test('a carried order that is not what the API describes is unreadable, and the field is named, not its value', async () => {
  const broken = delivery('OrderCreated', about, { order: order({ totalPrice: 'a lot' }) });
  const [told] = await askMessage(broken, { rule: 'placed-order', lookups: lookIn({}) });
  assert.deepEqual(told?.outcome === 'unreadable' && told.path, 'totalPrice');
});

test('a broken record of a page stops nobody else', async () => {
  const page = [order({ lineItems: 7 }), order()];
  const told = await askRecords(page, { rule: 'placed-order', lookups: lookIn({}), cause: run });
  assert.deepEqual(
    told.map(({ outcome }) => outcome),
    ['unreadable', 'mapped'],
  );
});

test('a look-up that failed is no "none": nothing is written', async () => {
  const lookups = { ...lookIn({}), orderedProduct: () => Promise.reject(new Error('commercetools is away')) };
  await assert.rejects(
    askMessage(delivery('OrderCreated', about, { order: order() }), { rule: 'placed-order', lookups }),
  );
});

test('a payment without an order is skipped with the reason', async () => {
  const told = await askMessage(delivery('PaymentTransactionAdded', reference('payment', id('fa1'))), {
    rule: 'refunded-order',
    lookups: lookIn({}),
  });
  assert.equal(skippedBecause(told), 'no order has this payment');
});
