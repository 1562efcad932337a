/** A payment that several orders share is refunded once. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { id, type Json, reference, transaction } from '../fixtures/index.ts';
import { newOrder, newPayment, startOrderShop } from './order-fixture.ts';

test('bulk and realtime refund on the same order, also of more orders than a page of commercetools has', async () => {
  await using shop = await startOrderShop();
  const payment = newPayment({ transactions: [transaction({ id: randomUUID() })] });
  const paymentInfo = { payments: [reference('payment', payment.id)] };
  const createdAt = '2026-03-15T10:00:00.000Z';
  const orderOf = (own: string, overrides: Json) =>
    newOrder({ id: id(own), paymentInfo, lineItems: [], custom: undefined, discountCodes: [], ...overrides });
  const others = Array.from({ length: 600 }, (_, index) => orderOf(String(index), { createdAt }));
  // The last one in the sequence of ids is the oldest.
  const first = orderOf('ffff', { createdAt: '2026-03-14T10:00:00.000Z' });
  const [one, two] = others;
  assert.ok(one && two);
  await shop.addRecords(one, ...others.slice(1), first);
  await shop.addRecords(payment);
  assert.equal((await shop.sync('orders', [one, two, first])).state, 'completed');
  const seen = await shop.events({ metric: 'Refunded Order' });
  assert.deepEqual(
    seen.map(({ unique_id }) => unique_id),
    [first.id],
  );
  assert.equal(await shop.sendMessage('OrderPaymentAdded', two.ref), 204);
  assert.match(shop.reasons(two).join(), /refunded on order/);
  assert.equal((await shop.events({ metric: 'Refunded Order' })).length, 1);
});
