import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  lookupsIn,
  mappedOutput,
  order,
  reference,
  run,
  skipReason,
  withoutPayload,
} from '../../../test/fixtures/index.ts';
import { CommercetoolsError } from '../../commercetools/errors.ts';

const ref = reference('order', id('0a'));

test('a message with an omitted payload leads to the order itself', async () => {
  const evaluated = await evaluateMessage(withoutPayload('OrderCreated', ref), {
    rule: 'placed-order',
    lookups: lookupsIn({ orders: [order()] }),
  });
  assert.equal(mappedOutput(evaluated).changes.length, 1);
});

test('an order that no longer exists is skipped with the reason', async () => {
  const evaluated = await evaluateMessage(withoutPayload('OrderCreated', ref), {
    rule: 'placed-order',
    lookups: lookupsIn({}),
  });
  assert.equal(skipReason(evaluated), 'the order no longer exists');
});

test('an embedded order that does not match the API is unreadable; the result names the field, not its value', async () => {
  const broken = delivery('OrderCreated', ref, { order: order({ totalPrice: 'a lot' }) });
  const [evaluated] = await evaluateMessage(broken, { rule: 'placed-order', lookups: lookupsIn({}) });
  assert.deepEqual(evaluated?.outcome === 'unreadable' && evaluated.path, 'totalPrice');
});

test('an invalid record of a page does not affect the others', async () => {
  const page = [order({ lineItems: 7 }), order()];
  const evaluated = await evaluateRecords(page, { rule: 'placed-order', lookups: lookupsIn({}), cause: run });
  assert.deepEqual(
    evaluated.map(({ outcome }) => outcome),
    ['unreadable', 'mapped'],
  );
});

test('a failed lookup rejects instead of counting as a missing record', async () => {
  const lookups = {
    ...lookupsIn({}),
    orderedProduct: () => Promise.reject(new CommercetoolsError('unavailable', 'down')),
  };
  await assert.rejects(
    evaluateMessage(delivery('OrderCreated', ref, { order: order() }), { rule: 'placed-order', lookups }),
  );
});

test('a payment without an order is skipped with the reason', async () => {
  const evaluated = await evaluateMessage(delivery('PaymentTransactionAdded', reference('payment', id('fa1'))), {
    rule: 'refunded-order',
    lookups: lookupsIn({}),
  });
  assert.equal(skipReason(evaluated), 'no order has this payment');
});
