/** `ctk explain`: readable in a terminal, JSON for programs, and each mistake with the way out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { explainedSchema } from '../../src/engine/explain/schema.ts';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

test('the verdict first, and no more than ten lines without personal data', async () => {
  const order = newOrder({ orderNumber: 'explained-1' });
  await shop.addRecords(order);
  const { code, out, err } = await ctk(['explain', 'order', order.id], shop.testEnv.env);
  assert.deepEqual([code, err], [0, '']);
  const lines = out.trimEnd().split('\n');
  assert.equal(lines[0], 'Order explained-1: would send Placed Order, Ordered Product');
  assert.match(lines[1] ?? '', /^ {2}Placed Order: POST \/api\/events; metric, unique_id, time, value, value_currency/);
  assert.match(out, /^ {2}fulfilled-order: not sent, an order that is Open does not count as fulfilled/m);
  assert.ok(lines.length <= 10, out);
  assert.ok(!out.includes(order.email));
});

test('each value with the field that it came from', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const { code, out, err } = await ctk(['explain', 'customer', customer.id, '--full'], shop.testEnv.env);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, new RegExp(`^customer ${customer.id}, version \\d+$`, 'm'));
  assert.match(out, /^profile {2}A customer was created or changed/m);
  assert.match(out, /^ {2}profile {2}POST \/api\/profile-import$/m);
  assert.match(out, /^ {4}profile\.first_name = "Mia" {2}from customer: firstName$/m);
  assert.match(out, /^ {4}profile\.location\.address1 = .* {2}computed from customer: addresses\.0\.streetName, /m);
  assert.deepEqual(await shop.profiles(), []);
});

test('--json gives all of it to a program', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const { out } = await ctk(['explain', 'customer', customer.id, '--json'], shop.testEnv.env);
  assert.equal(explainedSchema.parse(JSON.parse(out)).rules[0]?.changes[0]?.requests[0]?.method, 'POST');
});

test('a wrong type or id ends with the way out', async () => {
  const type = await ctk(['explain', 'basket', 'x'], shop.testEnv.env);
  assert.deepEqual(
    [type.code, type.err],
    [1, 'there is no type basket; take one of customer, order, cart, category, product, inventory-entry\n'],
  );
  const unknown = await ctk(['explain', 'order', 'x'], shop.testEnv.env);
  assert.deepEqual([unknown.code, unknown.err], [1, 'commercetools has no order with the id x\n']);
});
