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

const ref = reference('order', id('0a'));

test('a message with an omitted payload leads to the order itself', async () => {
  const evaluated = await askMessage(withoutPayload('OrderCreated', ref), {
    rule: 'placed-order',
    lookups: lookIn({ orders: [order()] }),
  });
  assert.equal(written(evaluated).changes.length, 1);
});

test('an order that no longer exists is skipped with the reason', async () => {
  const evaluated = await askMessage(withoutPayload('OrderCreated', ref), {
    rule: 'placed-order',
    lookups: lookIn({}),
  });
  assert.equal(skippedBecause(evaluated), 'the order no longer exists');
});

test('an embedded order that does not match the API is unreadable; the result names the field, not its value', async () => {
  const broken = delivery('OrderCreated', ref, { order: order({ totalPrice: 'a lot' }) });
  const [evaluated] = await askMessage(broken, { rule: 'placed-order', lookups: lookIn({}) });
  assert.deepEqual(evaluated?.outcome === 'unreadable' && evaluated.path, 'totalPrice');
});

test('an invalid record of a page does not affect the others', async () => {
  const page = [order({ lineItems: 7 }), order()];
  const evaluated = await askRecords(page, { rule: 'placed-order', lookups: lookIn({}), cause: run });
  assert.deepEqual(
    evaluated.map(({ outcome }) => outcome),
    ['unreadable', 'mapped'],
  );
});

test('a failed lookup rejects instead of counting as a missing record', async () => {
  const lookups = { ...lookIn({}), orderedProduct: () => Promise.reject(new Error('commercetools is away')) };
  await assert.rejects(
    askMessage(delivery('OrderCreated', ref, { order: order() }), { rule: 'placed-order', lookups }),
  );
});

test('a payment without an order is skipped with the reason', async () => {
  const evaluated = await askMessage(delivery('PaymentTransactionAdded', reference('payment', id('fa1'))), {
    rule: 'refunded-order',
    lookups: lookIn({}),
  });
  assert.equal(skippedBecause(evaluated), 'no order has this payment');
});
