/** OrderCustomerSet in all its forms: revenue is counted once, whoever the order belongs to. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { reference } from '../fixtures/index.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const someone = () => reference('customer', randomUUID());

test('a guest order that gets its customer is recognised: still one Placed Order, one Ordered Product', async () => {
  const customer = someone();
  const order = newOrder();
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  await shop.addRecords({ ...order, record: { ...order.record, customerId: customer.id } });
  assert.equal(await shop.sendMessage('OrderCustomerSet', order.ref, { customer }), 204);
  const metrics = (await shop.events({ profile: order.email })).map(({ metric }) => metric).toSorted();
  assert.deepEqual(metrics, ['Ordered Product', 'Placed Order']);
  assert.equal((await shop.events({ unique_id: order.id })).length, 1);
});

test('also where the customer has a profile of its own already: the revenue is not counted a second time', async () => {
  const customer = someone();
  const order = newOrder();
  await shop.known({ external_id: customer.id, email: `other.${order.id}@example.com` });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  await shop.addRecords({ ...order, record: { ...order.record, customerId: customer.id } });
  assert.equal(await shop.sendMessage('OrderCustomerSet', order.ref, { customer }), 204);
  const seen = await shop.events({ unique_id: order.id });
  assert.deepEqual(
    seen.map(({ profile }) => profile.email),
    [order.email],
  );
});

test('an order without e-mail that gets its customer is placed for the customer', async () => {
  const who = newCustomer();
  await shop.addRecords(who);
  const customer = reference('customer', who.id);
  const order = newOrder({ customerEmail: undefined });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  assert.deepEqual(await shop.events({ unique_id: order.id }), []);
  await shop.addRecords({ ...order, record: { ...order.record, customerId: customer.id } });
  assert.equal(await shop.sendMessage('OrderCustomerSet', order.ref, { customer }), 204);
  const { profile } = await shop.event('Placed Order', order.id);
  assert.deepEqual([profile.email, profile.external_id], [who.email, who.id]);
});

test('an order that moves from one customer to another: skipped, the first event stands', async () => {
  const order = newOrder();
  await shop.addRecords(order);
  const moved = { customer: someone(), oldCustomer: someone() };
  assert.equal(await shop.sendMessage('OrderCustomerSet', order.ref, moved), 204);
  assert.deepEqual(await shop.events({ unique_id: order.id }), []);
  assert.deepEqual(shop.reasons(order), ['the order moved from one customer to another']);
});

test('an order that loses its customer: skipped', async () => {
  const order = newOrder();
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderCustomerSet', order.ref, { oldCustomer: someone() }), 204);
  assert.equal(await shop.sendMessage('OrderCustomerSet', order.ref, {}), 204);
  assert.deepEqual(await shop.events({ unique_id: order.id }), []);
  assert.match(shop.reasons(order).join(), /the customer was taken from the order/);
});

test('payloadNotIncluded: sent with the e-mail alone, so that what Klaviyo has is recognised', async () => {
  const customerId = randomUUID();
  const order = newOrder();
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
  await shop.known({ external_id: customerId, email: `other.${order.id}@example.com` });
  await shop.addRecords({ ...order, record: { ...order.record, customerId } });
  assert.equal(await shop.sendWithoutPayload('OrderCustomerSet', order.ref), 204);
  assert.equal((await shop.events({ unique_id: order.id })).length, 1);
});

test('the order is read, so one that moved on since is sent too', async () => {
  const customer = someone();
  const order = newOrder({ orderState: 'Complete', customerId: customer.id });
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderCustomerSet', order.ref, { customer }), 204);
  const { profile } = await shop.event('Placed Order', order.id);
  assert.deepEqual([profile.email, profile.external_id], [order.email, null]);
});
