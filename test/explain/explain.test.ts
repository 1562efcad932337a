/** GET /explain: what would be sent of a record, from which fields, what is skipped, what Klaviyo holds; nothing is sent. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Explained, explainedSchema } from '../../src/engine/explain/schema.ts';
import { id, lineItem, now, order, payment, product, variant } from '../fixtures/index.ts';
import { idOf, newEntry, newProduct } from '../mapping/catalog-fixture.ts';
import { newCustomer, newOrder, type OrderShop, startOrderShop } from '../mapping/order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
  await shop.testEnv.addRecords('order', order());
  await shop.testEnv.addRecords('payment', payment());
});
after(() => shop.stop());

async function ask(path: string, own: OrderShop = shop): Promise<{ status: number; error?: string; headers: Headers }> {
  const answer = await fetch(`${own.testEnv.service}/explain/${path}`);
  return { status: answer.status, headers: answer.headers, ...JSON.parse(await answer.text()) };
}
async function explain(path: string, own: OrderShop = shop): Promise<Explained> {
  const answer = await ask(path, own);
  assert.equal(answer.status, 200, answer.error);
  return explainedSchema.parse(answer);
}
function ruleOf({ rules }: Explained, name: string): Explained['rules'][number] {
  const found = rules.find(({ rule }) => rule === name);
  assert.ok(found, name);
  return found;
}
function theValue(explained: Explained, rule: string, path: string) {
  const found = ruleOf(explained, rule).changes[0]?.values.find((value) => value.path === path);
  assert.ok(found, `${rule} has ${path}`);
  return found;
}

test('each value of an order comes from the field that it comes from', async () => {
  const explained = await explain(`order/${id('0a')}`);
  const value = (path: string) => theValue(explained, 'placed-order', path);
  const { from, copied } = value('properties.OrderId');
  assert.deepEqual([from, copied], [['order: orderNumber'], true]);
  assert.equal(value('value').copied, false);
  assert.deepEqual(value('value').from, ['order: totalPrice.centAmount', 'order: totalPrice.fractionDigits']);
  assert.ok(value('metric').from.includes('settings: order.metrics.placedOrder'));
  assert.match(value('properties.Items.0.Brand').from[0] ?? '', /^product .*attributes\.0\.value$/);
  assert.match(value('properties.DiscountCode').from[0] ?? '', /^discount code .*: code$/);
  assert.ok(value('backfill').from.includes('the sync: backfill'));
  const refund = theValue(explained, 'refunded-order', 'value').from[0] ?? '';
  assert.match(refund, /^payment .*: transactions\.1\.amount\.centAmount$/);
  assert.ok(explained.whole);
});

test('a record that is too large to trace every field says so, and has its values all the same', async () => {
  const large = newOrder({ lineItems: Array.from({ length: 400 }, (_, index) => lineItem({ id: id(`${index}`) })) });
  await shop.addRecords(large);
  const explained = await explain(`order/${large.id}`);
  assert.equal(explained.whole, false);
  assert.deepEqual(theValue(explained, 'placed-order', 'properties.OrderId').value, large.record.orderNumber);
});

test('what is skipped is there with its reason, and what decides it', async () => {
  const explained = await explain(`order/${id('0a')}`);
  const fulfilled = ruleOf(explained, 'fulfilled-order');
  assert.deepEqual(fulfilled.changes, []);
  assert.match(fulfilled.skips.join(), /an order that is Open does not count as fulfilled/);
  assert.deepEqual(ruleOf(explained, 'placed-order').triggers[0], { on: 'order OrderCreated' });
  assert.ok(
    ruleOf(explained, 'refunded-order').dependsOn.includes('settings: payment.states.validTransactionStates.0'),
  );
});

test('what a message would do otherwise than a sync is said', async () => {
  const fresh = newOrder({ createdAt: now.toISOString() });
  await shop.addRecords(fresh);
  await shop.known({ email: fresh.email, location: { city: 'Bonn' } });
  const { realtime } = ruleOf(await explain(`order/${fresh.id}`), 'placed-order');
  assert.equal(realtime?.on, 'order OrderCreated');
  const differs = new Map(realtime?.differs.map(({ path, value }) => [path, value]));
  assert.deepEqual([differs.get('0.backfill'), differs.get('0.profile.location.city')], [false, 'Berlin']);
  assert.equal(differs.has('0.value'), false);
  const open = ruleOf(await explain(`order/${fresh.id}`), 'fulfilled-order');
  assert.deepEqual([open.skips.length, open.realtime?.skips], [1, []]);
});

test('nothing is sent, and the request is the very one that Klaviyo gets', async () => {
  const { record, ref, ...made } = newOrder();
  await shop.addRecords({ ...made, record, ref });
  const explained = await explain(`order/${made.id}`);
  assert.deepEqual(await shop.events({ unique_id: made.id }), []);
  const [request] = ruleOf(explained, 'placed-order').changes[0]?.requests ?? [];
  assert.equal(request?.path, '/api/events');
  const answer = await fetch(`${shop.testEnv.klaviyo.url}${request?.path}`, {
    method: request?.method ?? '',
    headers: {
      authorization: 'Klaviyo-API-Key pk_sandbox',
      revision: '2026-07-15',
      'content-type': 'application/vnd.api+json',
    },
    body: JSON.stringify(request?.body),
  });
  assert.equal(answer.status, 202);
  const sent = await shop.event('Placed Order', made.id);
  await shop.sync('orders', [{ ...made, record, ref }]);
  assert.deepEqual(await shop.event('Placed Order', made.id), sent);
});

test('a customer is shown beside the profile that Klaviyo holds', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const before = await explain(`customer/${customer.id}`);
  assert.equal(ruleOf(before, 'profile').changes[0]?.klaviyo, undefined);
  await shop.sync('customers', [customer]);
  await shop.addRecords({ ...customer, record: { ...customer.record, version: 9, firstName: 'Maja' } });
  const after = await explain(`customer/${customer.id}`);
  const name = theValue(after, 'profile', 'profile.first_name');
  assert.deepEqual([name.value, name.currentValue, name.from], ['Maja', 'Mia', ['customer: firstName']]);
  const phone = theValue(after, 'profile', 'profile.phone_number');
  assert.deepEqual([phone.copied, phone.from[0]], [false, 'customer: addresses.0.mobile']);
});

test('an item that Klaviyo holds as it shall be needs no request, one that changed needs the one', async () => {
  const path = `product/${product().id}`;
  const created = await explain(path);
  const paths = (explained: Explained) => ruleOf(explained, 'item').changes[0]?.requests.map((one) => one.path);
  assert.deepEqual(paths(created)?.slice(-3), ['/api/catalog-items', '/api/catalog-variants', '/api/catalog-variants']);
  assert.deepEqual(await shop.testEnv.items(), []);
  await shop.testEnv.sync('products');
  assert.deepEqual(paths(await explain(path)), []);
});

test('an item of so many variants that they go in a job is explained with the job, and nothing is created', async () => {
  const variants = Array.from({ length: 101 }, (_, index) => variant({ id: index + 2, sku: `SHIRT-${index}` }));
  const shirt = product({ id: id('ab9') }, { masterVariant: variant({ sku: 'SHIRT' }), variants });
  await shop.testEnv.addRecords('product', shirt);
  const [change] = ruleOf(await explain(`product/${id('ab9')}`), 'item').changes;
  assert.equal(change?.outcome, 'delivered');
  const job = change?.requests.find(({ path }) => path === '/api/catalog-variant-bulk-create-jobs');
  assert.match(JSON.stringify(job?.body), /"external_id":"SHIRT-98"/);
  const made = (await shop.testEnv.variants()).filter(({ sku }) => String(sku).startsWith('SHIRT'));
  assert.deepEqual(made, []);
});

test('stock: an inventory entry, with what all entries of its sku come to, beside the variant that Klaviyo holds', async () => {
  const made = newProduct();
  const [own, other] = [newEntry(made.sku, 7), newEntry(made.sku, 2, id('c4'))];
  await shop.testEnv.addRecords('inventory-entry', own, other);
  await shop.testEnv.addRecords('product', made.record);
  await shop.testEnv.sync('products', { ids: [made.id] });
  await shop.testEnv.addRecords('inventory-entry', { ...own, availableQuantity: 4 });
  const explained = await explain(`inventory-entry/${idOf(own)}`);
  assert.match(explained.asked, /^as for an update of the entry/);
  const quantity = theValue(explained, 'stock', 'inventory_quantity');
  assert.deepEqual([quantity.value, quantity.currentValue], [4, 7]);
  assert.match(quantity.from[0] ?? '', /^inventory of sku .*: \d\.availableQuantity$/);
  const { changes, realtime } = ruleOf(explained, 'stock');
  assert.deepEqual(
    changes[0]?.requests.map(({ method }) => method),
    ['PATCH'],
  );
  assert.deepEqual(realtime?.differs, []);
  assert.match(
    ruleOf(await explain(`inventory-entry/${idOf(other)}`), 'stock').skips.join(),
    /^another inventory entry decides/,
  );
  assert.equal((await ask('inventory-entry/none')).error, 'commercetools has no inventory-entry with the id none');
});

test('an order of a hundred lines is explained, each line with its own field', async () => {
  const lineItems = Array.from({ length: 100 }, (_, index) => lineItem({ id: `line-${index}`, quantity: index + 1 }));
  const large = newOrder({ lineItems });
  await shop.addRecords(large);
  const { changes } = ruleOf(await explain(`order/${large.id}`), 'ordered-product');
  assert.equal(changes.length, 100);
  assert.match(changes.at(-1)?.reason ?? '', /^only the first \d+ changes of a rule/);
});

test('an unknown id and an unknown type have different errors', async () => {
  const unknown = await ask('order/no-such-order');
  assert.deepEqual([unknown.status, unknown.error], [404, 'commercetools has no order with the id no-such-order']);
  const type = await ask('basket/x');
  assert.equal(type.status, 404);
  assert.match(type.error ?? '', /take one of customer, order, cart, category, product, inventory-entry$/);
});

test('a missing scope and an outage each say what to do', async () => {
  await using limited = await startOrderShop({
    commercetools: { scopes: ['view_orders', 'view_products', 'view_categories'] },
  });
  const refused = await ask('customer/x', limited);
  assert.equal(refused.status, 502);
  assert.match(refused.error ?? '', /the API client lacks the scope to read it; ctk check names it/);
  const outage = await limited.injectFault({ kind: 'status', status: 503, path: '/shop/orders' });
  const away = await ask('order/x', limited);
  assert.equal(away.status, 503);
  assert.match(away.error ?? '', /^not now: commercetools answered 503/);
  assert.ok(away.headers.get('retry-after'));
  await outage.clear();
});

test('Klaviyo away: what would be sent is shown all the same, with why it cannot be compared', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const at = `${shop.testEnv.klaviyo.url}/sandbox/faults`;
  const body = JSON.stringify({ kind: 'status', status: 503, path: '/api/profiles' });
  await fetch(at, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const [change] = ruleOf(await explain(`customer/${customer.id}`), 'profile').changes;
  await fetch(at, { method: 'DELETE' });
  assert.match(change?.note ?? '', /Klaviyo answered 503/);
  assert.ok(change?.values.some(({ path, value }) => path === 'profile.email' && value === customer.email));
});

test('it holds personal data: no cache keeps it, no log line has it, and a stranger gets none', async () => {
  const customer = newCustomer();
  await shop.addRecords(customer);
  const { headers } = await ask(`customer/${customer.id}`);
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.doesNotMatch(shop.testEnv.logged.join(), new RegExp(customer.email, 'i'));
  const stranger = await fetch(`${shop.testEnv.service}/explain/customer/${customer.id}`, {
    headers: { 'x-forwarded-for': '203.0.113.9' },
  });
  assert.equal(stranger.status, 403);
});

test('who may only look may ask, too', async () => {
  await using own = await startOrderShop({
    env: { API_TOKEN: 'a-token-that-may-do-everything', API_TOKEN_READ_ONLY: 'a-token-that-may-only-look' },
  });
  const customer = newCustomer();
  await own.addRecords(customer);
  const at = `${own.testEnv.service}/explain/customer/${customer.id}`;
  assert.equal((await fetch(at)).status, 401);
  assert.equal((await fetch(at, { headers: { authorization: 'Bearer a-token-that-may-only-look' } })).status, 200);
});
