/** Tests carts as the API keeps them: times of lines, a query by time of change, replicas, and notifications of changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { connectShop, versioned } from '../shop/actors/shop-api.ts';
import { seedShop } from '../shop/seed/seed.ts';
import { startPushReceiver } from './push-receiver.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';

const cartShape = versioned.extend({
  cartState: z.string(),
  lastModifiedAt: z.string(),
  customerEmail: z.string().optional(),
  shippingAddress: z.unknown().optional(),
  lineItems: z.array(
    z.object({ id: z.string(), quantity: z.number(), addedAt: z.string(), lastModifiedAt: z.string() }),
  ),
});
const page = z.object({ results: z.array(cartShape) });

async function startShop() {
  const sandbox = await startCommercetoolsSandbox({ record: false });
  await seedShop(sandbox, { customers: 0, orders: 0, products: 2, edgeCases: false });
  const api = connectShop(sandbox);
  const skus = sandbox.records.all('inventory-entry').map((entry) => String(Object(entry).sku));
  const [first = '', second = ''] = [...new Set(skus)];
  async function update(cart: z.infer<typeof versioned>, ...actions: Record<string, unknown>[]) {
    return api.post(`carts/${cart.id}`, { version: cart.version, actions }, cartShape);
  }
  const create = (fields: Record<string, unknown> = {}) =>
    api.post('carts', { currency: 'EUR', country: 'DE', ...fields }, cartShape);
  return { sandbox, api, first, second, create, update, [Symbol.asyncDispose]: () => sandbox.stop() };
}

test('a line says when it was added, and when its quantity last changed', async () => {
  await using shop = await startShop();
  const empty = await shop.create({ lineItems: [{ sku: shop.first, quantity: 1 }] });
  const one = empty.lineItems[0];
  assert.equal(one?.addedAt, empty.lastModifiedAt);
  const two = await shop.update(empty, { action: 'addLineItem', sku: shop.second, quantity: 1 });
  assert.deepEqual(two.lineItems[0], one);
  const changed = await shop.update(two, { action: 'changeLineItemQuantity', lineItemId: one?.id, quantity: 3 });
  const expected = [one?.addedAt, changed.lastModifiedAt];
  assert.deepEqual([changed.lineItems[0]?.addedAt, changed.lineItems[0]?.lastModifiedAt], expected);
  assert.deepEqual(changed.lineItems[1], two.lineItems[1]);
});

test('carts are found by their time of change, and a frozen cart cannot be changed', async () => {
  await using shop = await startShop();
  const first = await shop.create();
  const second = await shop.create();
  const changed = await shop.update(first, { action: 'setCustomerEmail', email: 'a@example.com' });
  const query = new URLSearchParams({
    where: 'lastModifiedAt >= :since',
    'var.since': second.lastModifiedAt,
    limit: '500',
  });
  for (const sort of ['lastModifiedAt asc', 'id asc']) query.append('sort', sort);
  const { results } = await shop.api.get(`carts?${query}`, page);
  assert.deepEqual(new Set(results.map(({ id }) => id)), new Set([first.id, second.id]));
  assert.equal(results.at(-1)?.lastModifiedAt, changed.lastModifiedAt);
  const frozen = await shop.update(changed, { action: 'freezeCart' });
  assert.equal(frozen.cartState, 'Frozen');
  const body = { version: frozen.version, actions: [{ action: 'addLineItem', sku: shop.first, quantity: 1 }] };
  assert.equal((await shop.api.request('POST', `carts/${frozen.id}`, body)).status, 400);
});

test('an order closes its cart', async () => {
  await using shop = await startShop();
  const cart = await shop.create({ customerEmail: 'a@example.com', lineItems: [{ sku: shop.first, quantity: 1 }] });
  await shop.api.post('orders', { cart: { typeId: 'cart', id: cart.id }, version: cart.version }, versioned);
  assert.equal((await shop.api.get(`carts/${cart.id}`, cartShape)).cartState, 'Ordered');
});

test('a replica is a new cart with the lines and the e-mail, without the delivery', async () => {
  await using shop = await startShop();
  const shippingAddress = { country: 'DE', streetName: 'Markt' };
  const lineItems = [{ sku: shop.first, quantity: 2 }];
  const cart = await shop.create({ customerEmail: 'a@example.com', lineItems, shippingAddress });
  const replica = await shop.api.post('carts/replicate', { reference: { typeId: 'cart', id: cart.id } }, cartShape);
  assert.notEqual(replica.id, cart.id);
  assert.deepEqual(
    replica.lineItems.map(({ quantity }) => quantity),
    [2],
  );
  assert.notEqual(replica.lineItems[0]?.id, cart.lineItems[0]?.id);
  assert.equal(replica.customerEmail, 'a@example.com');
  assert.deepEqual([replica.shippingAddress, replica.cartState], [undefined, 'Active']);
  assert.equal(
    (await shop.api.request('POST', 'carts/replicate', { reference: { typeId: 'cart', id: 'x' } })).status,
    400,
  );
});

test('a subscription gets changes of carts, and no messages', async () => {
  await using shop = await startShop();
  const receiver = await startPushReceiver();
  try {
    await fetch(`${shop.sandbox.url}/sandbox/pubsub/topics/cloud/carts`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pushEndpoint: receiver.url }),
    });
    const destination = { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 'carts' };
    const subscribe = (fields: object) => shop.api.request('POST', 'subscriptions', { destination, ...fields });
    assert.equal((await subscribe({ messages: [{ resourceTypeId: 'cart' }] })).status, 400);
    assert.equal((await subscribe({ changes: [{ resourceTypeId: 'cart' }] })).status, 201);
    await shop.update(await shop.create(), { action: 'setCustomerEmail', email: 'a@example.com' });
    while (shop.sandbox.pubsub.pending > 0) await new Promise(setImmediate);
    assert.deepEqual(receiver.labels(), ['ResourceCreated cart', 'ResourceUpdated cart']);
  } finally {
    await receiver.stop();
  }
});

test('a sign-in merges the anonymous cart into the one of the customer, or gives it to the customer', async () => {
  await using shop = await startShop();
  const email = 'mia@example.com';
  await shop.api.request('POST', 'customers', { email, password: 'secret' });
  const signIn = (cart: { id: string }) =>
    shop.api.post(
      'login',
      { email, password: 'secret', anonymousCart: { typeId: 'cart', id: cart.id } },
      z.object({ cart: cartShape }),
    );
  const first = await shop.create({ lineItems: [{ sku: shop.first, quantity: 1 }] });
  const owned = (await signIn(first)).cart;
  assert.deepEqual([owned.id, owned.customerEmail, owned.cartState], [first.id, email, 'Active']);
  const second = await shop.create({ lineItems: [{ sku: shop.second, quantity: 2 }] });
  const merged = (await signIn(second)).cart;
  assert.deepEqual([merged.id, merged.lineItems.map(({ quantity }) => quantity)], [first.id, [1, 2]]);
  assert.equal((await shop.api.get(`carts/${second.id}`, cartShape)).cartState, 'Merged');
  assert.equal((await shop.api.request('POST', 'login', { email: 'nobody@example.com', password: 'x' })).status, 400);
});
