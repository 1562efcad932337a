/** OrderCustomerSet in all its forms: revenue is counted once, whoever the order belongs to. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { reference } from '../fixtures/index.ts';
import { newOrder, type Rows, startRows } from './order-fixture.ts';

let rows: Rows;
before(async () => {
  rows = await startRows();
});
after(() => rows.stop());

const someone = () => reference('customer', randomUUID());

test('a guest order that gets its customer is recognised: still one Placed Order, one Ordered Product', async () => {
  const customer = someone();
  const order = newOrder();
  assert.equal(await rows.tell('OrderCreated', order.ref, { order: order.record }), 204);
  await rows.place({ ...order, record: { ...order.record, customerId: customer.id } });
  assert.equal(await rows.tell('OrderCustomerSet', order.ref, { customer }), 204);
  const metrics = (await rows.events({ profile: order.email })).map(({ metric }) => metric).toSorted();
  assert.deepEqual(metrics, ['Ordered Product', 'Placed Order']);
  assert.equal((await rows.events({ unique_id: order.id })).length, 1);
});

test('also where the customer has a profile of its own already: the revenue is not counted a second time', async () => {
  const customer = someone();
  const order = newOrder();
  await rows.known({ external_id: customer.id, email: `other.${order.id}@example.com` });
  assert.equal(await rows.tell('OrderCreated', order.ref, { order: order.record }), 204);
  await rows.place({ ...order, record: { ...order.record, customerId: customer.id } });
  assert.equal(await rows.tell('OrderCustomerSet', order.ref, { customer }), 204);
  const seen = await rows.events({ unique_id: order.id });
  assert.deepEqual(
    seen.map(({ profile }) => profile.email),
    [order.email],
  );
});

test('an order without e-mail that gets its customer is placed for the customer', async () => {
  const customer = someone();
  const order = newOrder({ customerEmail: undefined });
  assert.equal(await rows.tell('OrderCreated', order.ref, { order: order.record }), 204);
  assert.deepEqual(await rows.events({ unique_id: order.id }), []);
  await rows.place({ ...order, record: { ...order.record, customerId: customer.id } });
  assert.equal(await rows.tell('OrderCustomerSet', order.ref, { customer }), 204);
  const { profile } = await rows.event('Placed Order', order.id);
  assert.deepEqual([profile.email, profile.external_id], [null, customer.id]);
});

test('an order that moves from one customer to another: skipped, the first event stands', async () => {
  const order = newOrder();
  await rows.place(order);
  const moved = { customer: someone(), oldCustomer: someone() };
  assert.equal(await rows.tell('OrderCustomerSet', order.ref, moved), 204);
  assert.deepEqual(await rows.events({ unique_id: order.id }), []);
  assert.deepEqual(rows.reasons(order), ['the order moved from one customer to another']);
});

test('an order that loses its customer: skipped', async () => {
  const order = newOrder();
  await rows.place(order);
  assert.equal(await rows.tell('OrderCustomerSet', order.ref, { oldCustomer: someone() }), 204);
  assert.equal(await rows.tell('OrderCustomerSet', order.ref, {}), 204);
  assert.deepEqual(await rows.events({ unique_id: order.id }), []);
  assert.match(rows.reasons(order).join(), /the customer was taken from the order/);
});

test('payloadNotIncluded: sent with the e-mail alone, so that what Klaviyo has is recognised', async () => {
  const customerId = randomUUID();
  const order = newOrder();
  assert.equal(await rows.tell('OrderCreated', order.ref, { order: order.record }), 204);
  await rows.known({ external_id: customerId, email: `other.${order.id}@example.com` });
  await rows.place({ ...order, record: { ...order.record, customerId } });
  assert.equal(await rows.tellTooLarge('OrderCustomerSet', order.ref), 204);
  assert.equal((await rows.events({ unique_id: order.id })).length, 1);
});

test('the order is read, so one that moved on since is sent too', async () => {
  const customer = someone();
  const order = newOrder({ orderState: 'Complete', customerId: customer.id });
  await rows.place(order);
  assert.equal(await rows.tell('OrderCustomerSet', order.ref, { customer }), 204);
  const { profile } = await rows.event('Placed Order', order.id);
  assert.deepEqual([profile.email, profile.external_id], [order.email, null]);
});
