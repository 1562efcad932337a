/** Whom the events of an order are about, when Klaviyo and commercetools disagree; and what an order waits for. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { lineItem, product } from '../fixtures/index.ts';
import { newCustomer, newOrder, newPayment, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

describe('an e-mail of one profile with the customer id of another', () => {
  for (const way of ['realtime', 'bulk']) {
    test(`in ${way} the events go to the e-mail's profile, whose ids stay`, async () => {
      const customer = newCustomer();
      const order = newOrder({ customerId: customer.id, customerEmail: customer.email });
      const byEmail = await shop.known({ email: order.email });
      await shop.known({ email: `old.${order.email}`, external_id: customer.id });
      await shop.addRecords(customer);
      await shop.addRecords(order);
      if (way === 'realtime') {
        assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
      } else {
        assert.equal((await shop.sync('orders', [order])).counts.delivered, 1);
      }
      const placed = await shop.event('Placed Order', order.id);
      assert.deepEqual([placed.profile.id, placed.profile.external_id], [byEmail, null]);
      assert.equal((await shop.events({ metric: 'Ordered Product', profile: order.email })).length, 1);
      assert.deepEqual(shop.rejectionCodes(order), []);
    });
  }
});

test('guests, a customer and an order that ties them together: no event is lost, although all were new at once', async () => {
  const [first = '', second = '', third = ''] = [randomUUID(), randomUUID(), randomUUID()].toSorted();
  const lines = () => ({ lineItems: Array.from({ length: 5 }, () => lineItem({ id: randomUUID() })) });
  const guest = newOrder({ id: first, ...lines() });
  const customerId = randomUUID();
  const customers = newOrder({ id: second, customerId, ...lines() });
  const tied = newOrder({ id: third, customerId, customerEmail: guest.email, ...lines() });
  await shop.addRecords(guest, customers, tied);
  const { counts } = await shop.sync('orders', [guest, customers, tied]);
  assert.deepEqual([counts.delivered, counts.rejected], [3, 0]);
  for (const order of [guest, customers, tied]) await shop.event('Placed Order', order.id);
});

test("an order's e-mail that Klaviyo does not take: the events are about the customer", async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const order = newOrder({ customerId: customer.id, customerEmail: 'no e-mail at all' });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  const { profile } = await shop.event('Placed Order', order.id);
  assert.deepEqual([profile.email, profile.external_id], [customer.email, customer.id]);
});

test('an invalid e-mail without a customer: rejected and dead-lettered, without blocking others', async () => {
  const order = newOrder({ customerEmail: 'no e-mail at all' });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 202);
  assert.notDeepEqual(shop.rejectionCodes(order), []);
});

describe('a lookup that failed is no "none"', () => {
  for (const path of ['products', 'categories', 'discount-codes']) {
    test(`${path} away: the order comes again, and then it has what belongs to it`, async () => {
      await using own = await startOrderShop();
      const order = newOrder();
      const fault = await own.injectFault({ kind: 'status', status: 503, path: `/shop/${path}` });
      assert.equal(await own.sendMessage('OrderCreated', order.ref, { order: order.record }), 503);
      assert.deepEqual(await own.events({ profile: order.email }), []);
      await fault.clear();
      assert.equal(await own.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
      const { properties } = await own.event('Placed Order', order.id);
      assert.deepEqual(
        [properties.Brands, properties.DiscountCode, properties.Categories],
        [['Nordwind'], 'SPRING', ['Women', 'Women > Pants', 'Women > Pants > Jeans']],
      );
    });
  }

  test('payments away: a refund comes again', async () => {
    const payment = newPayment();
    const order = newOrder({ paymentInfo: { payments: [payment.ref] } });
    await shop.addRecords(order);
    await shop.addRecords(payment);
    const fault = await shop.injectFault({ kind: 'reset', path: '/shop/payments' });
    assert.equal(await shop.sendMessage('PaymentTransactionAdded', payment.ref), 503);
    await fault.clear();
    assert.equal(await shop.sendMessage('PaymentTransactionAdded', payment.ref), 204);
    assert.equal((await shop.event('Refunded Order', order.id)).value, 59.9);
  });
});

test('a client that may not read discount codes: the order arrives without DiscountCode, with the rest', async () => {
  const scopes = ['view_orders', 'view_products', 'view_categories'];
  await using limited = await startOrderShop({ commercetools: { scopes } });
  const { properties } = await limited.placed();
  assert.deepEqual([properties.DiscountCode, properties.DiscountValue], [undefined, 5]);
  assert.deepEqual(properties.Brands, ['Nordwind']);
});

test('a product that is not published any more still gives its categories and its brand', async () => {
  await using own = await startOrderShop();
  const hidden = product();
  await own.testEnv.addRecords('product', {
    ...hidden,
    masterData: { ...Object(hidden.masterData), published: false },
  });
  const { properties } = await own.placed();
  assert.deepEqual(
    [properties.Brands, properties.Categories],
    [['Nordwind'], ['Women', 'Women > Pants', 'Women > Pants > Jeans']],
  );
});

/** An order with so many lines, each of another product. */
function orderOf(lines: number) {
  return newOrder({
    lineItems: Array.from({ length: lines }, () => lineItem({ id: randomUUID(), productId: randomUUID() })),
  });
}

test('an order with thirty lines costs commercetools one query of products, a page of a hundred orders a few', async () => {
  await using own = await startOrderShop();
  const asked = await own.injectFault({ kind: 'delay', ms: 0, path: '^/shop/products$' });
  const order = orderOf(30);
  assert.equal(await own.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  assert.equal(await asked.matchCount(), 1);
  const orders = Array.from({ length: 100 }, () => orderOf(2));
  await own.addRecords(order, ...orders);
  assert.equal((await own.sync('orders', orders)).counts.delivered, 100);
  const queries = (await asked.matchCount()) - 1;
  assert.ok(queries <= 5, `${queries} queries`);
});
