/** Find: what became of a record, by whatever somebody knows of it; over HTTP and as `ctk find`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { foundSchema } from '../../src/engine/find/schema.ts';
import { ctkInProcess as ctk } from '../cli/in-process.ts';
import { call, post } from '../http/call.ts';
import { newProduct } from '../mapping/catalog-fixture.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

async function find(text: string, more = '') {
  const { status, json } = await call(shop.testEnv.service, { path: `/find?text=${encodeURIComponent(text)}${more}` });
  assert.equal(status, 200);
  return foundSchema.parse(json);
}

/** The sentence about the only record that matches. */
async function sentence(text: string): Promise<string> {
  const { matches } = await find(text);
  assert.equal(matches.length, 1, text);
  return matches[0]?.sentence ?? '';
}

async function sentOrder(overrides: Record<string, unknown> = {}) {
  const order = newOrder({ orderNumber: `no-${crypto.randomUUID().slice(0, 8)}`, ...overrides });
  await shop.addRecords(order);
  const status = await shop.sendMessage('OrderCreated', order.ref, { order: order.record });
  return { ...order, number: String(order.record.orderNumber), status };
}

describe('an order', () => {
  test('that was delivered: when, and what is still to come; the timeline holds the log and what Klaviyo recorded', async () => {
    const { id, number } = await sentOrder();
    const { matches, notes } = await find(number);
    assert.deepEqual([matches.length, notes], [1, []]);
    const [match] = matches;
    assert.match(
      match?.sentence ?? '',
      new RegExp(
        `^Order ${number}: Placed Order delivered \\d\\d:\\d\\d:\\d\\d; Ordered Product delivered .*; no Fulfilled Order yet, the order is Open$`,
      ),
    );
    assert.equal(match?.record.id, id);
    assert.ok(match.klaviyo.events.every(({ recorded }) => recorded));
    const told = match.timeline.map(({ source, subject, outcome }) => `${source} ${subject} ${outcome}`);
    for (const line of ['delivery-log Placed Order delivered', 'klaviyo Placed Order recorded'])
      assert.ok(told.includes(line), told.join('\n'));
    assert.ok(match.timeline.some(({ messageId }) => messageId !== undefined));
    assert.equal(await sentence(id), match.sentence);
  });

  test('that was never sent, and after it was sent again', async () => {
    const order = newOrder({ orderNumber: 'never-sent' });
    await shop.addRecords(order);
    assert.match(await sentence('never-sent'), /no Placed Order in Klaviyo; no Ordered Product in Klaviyo/);
    const again = await post(shop.testEnv.service, '/find', { type: 'order', id: order.id });
    assert.deepEqual([again.status, again.json], [200, { outcome: 'delivered' }]);
    assert.match(await sentence('never-sent'), /Placed Order delivered \d/);
    assert.equal((await shop.event('Placed Order', order.id)).wouldTriggerFlows, false);
  });

  test('that Klaviyo rejects: its message, the dead letter and the id of the error', async () => {
    const { number, email } = await sentOrder({ customerEmail: 'no e-mail address' });
    const { matches } = await find(number);
    assert.match(matches[0]?.sentence ?? '', /: Placed Order rejected \(invalid: .*\)/);
    const sources = matches[0]?.timeline.map(({ source }) => source);
    assert.ok(sources?.includes('dead-letter') && sources.includes('delivery-log'));
    assert.ok(matches[0]?.timeline.some(({ klaviyoErrorId }) => klaviyoErrorId !== undefined));
    assert.doesNotMatch(JSON.stringify(matches), new RegExp(`no e-mail address|${email}`));
  });

  test('that is retried: why', async () => {
    shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, body: 'no', path: '/api/event' });
    const { number, status } = await sentOrder();
    shop.testEnv.klaviyo.faults.clear();
    assert.equal(status, 503);
    assert.match(await sentence(number), /Placed Order retried \(Klaviyo answered 503/);
  });

  test('without a recipient: why nothing is sent', async () => {
    const { number } = await sentOrder({ customerEmail: undefined, customerId: undefined });
    assert.match(await sentence(number), /: no event is sent, the order has neither e-mail nor customer id$/);
  });

  test('while Klaviyo cannot be asked', async () => {
    const { number } = await sentOrder();
    shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, body: 'no', path: '/api/' });
    const told = await sentence(number);
    shop.testEnv.klaviyo.faults.clear();
    assert.match(told, /: Placed Order delivered \d\d.*; Klaviyo not asked: Klaviyo answered 503/);
  });
});

test('a customer by number and e-mail, with its orders; without personal data unless it is asked for', async () => {
  const customer = newCustomer({ customerNumber: 'customer-7' });
  const order = newOrder({ customerEmail: customer.email, customerId: customer.id });
  await shop.addRecords(customer);
  await shop.addRecords(order);
  assert.equal(await sentence('customer-7'), 'Customer customer-7: no profile in Klaviyo');
  await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record });
  const byEmail = await find(customer.email.toUpperCase());
  assert.match(byEmail.matches[0]?.sentence ?? '', /^Customer customer-7: profile in Klaviyo, last delivered \d/);
  assert.ok(!JSON.stringify(byEmail).includes(customer.email));
  const exact = await find(customer.email);
  assert.deepEqual(
    exact.matches.map(({ record }) => record.typeId),
    ['customer', 'order'],
  );
  const full = await find('customer-7', '&full=true');
  assert.ok(JSON.stringify(full.matches[0]?.changes).includes(customer.email));
});

test('a product by key and sku, a category by key', async () => {
  const product = newProduct();
  await shop.testEnv.addRecords('product', product.record);
  assert.match(await sentence(product.id), /^Product .*: no item in Klaviyo/);
  await shop.testEnv.sync('products', { ids: [product.id] });
  assert.match(await sentence(product.id), /^Product .*: item in Klaviyo$/);
});

test('nothing, half a character, and a text that is missing', async () => {
  assert.deepEqual(await find('there-is-no-such-thing'), { matches: [], more: 0, notes: [] });
  for (const path of ['/find', '/find?text=', '/find?text=x&other=1'])
    assert.equal((await call(shop.testEnv.service, { path })).status, 400, path);
});

test('commercetools away: 503; the store away: the rest is told, with a note', async () => {
  const { number } = await sentOrder();
  const away = await shop.injectFault({ kind: 'status', status: 503, path: '/shop/custom-objects' });
  const { matches, notes } = await find(number);
  await away.clear();
  assert.match(matches[0]?.sentence ?? '', /Placed Order delivered/);
  assert.equal(notes.length, 2, notes.join());
  const allAway = await shop.injectFault({ kind: 'status', status: 503, path: '/shop/orders' });
  const { status } = await call(shop.testEnv.service, { path: `/find?text=${number}` });
  await allAway.clear();
  assert.equal(status, 503);
});

test('another process finds what this one has stored: ctk find, and --again', async () => {
  const { id, number, email } = await sentOrder();
  await shop.testEnv.app.deliveryLog.flush();
  const { code, out, err } = await ctk(['find', number], shop.testEnv.env);
  assert.deepEqual([code, err], [0, '']);
  const [first = '', second] = out.split('\n');
  assert.match(first, /^Order .*: Placed Order delivered (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d;/);
  assert.match(second ?? '', new RegExp(`^ {2}order ${id}, Klaviyo profile \\w+$`));
  assert.match(out, /^ {2}\d{4}-.*Placed Order {2}delivered$/m);
  assert.ok(!out.includes(email));
  const again = await ctk(['find', number, '--again'], shop.testEnv.env);
  assert.deepEqual([again.code, again.out.trimEnd().split('\n').at(-1)], [0, 'sent again: delivered']);
  const full = await ctk(['find', number, '--full'], shop.testEnv.env);
  assert.ok(full.out.includes(email));
  const none = await ctk(['find', 'nothing-like-it'], shop.testEnv.env);
  assert.deepEqual([none.code, none.out, none.err], [1, '', 'nothing in commercetools matches nothing-like-it\n']);
});
