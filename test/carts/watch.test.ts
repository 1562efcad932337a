/** The cart watch of several processes: one reads, another goes on after it, and an outage loses nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { klaviyoVariants } from '../../sandbox/klaviyo/behaviours.ts';
import { startReplica, storeOf } from '../runs/replicas.ts';
import { type CartShop, quickWatch, startCartShop } from './cart-fixture.ts';

const runs = { leaseSeconds: 1 };
const watchKey = { container: 'ctk-carts', key: 'watch' };
const stored = z.object({
  holder: z.string(),
  beat: z.number(),
  cursor: z.object({ since: z.string(), at: z.object({ lastModifiedAt: z.string(), id: z.string() }).optional() }),
});
const leaseOf = async ({ testEnv }: CartShop) => stored.parse((await storeOf(testEnv).get(watchKey))?.value);

const guestCart = (shop: CartShop, email: string) =>
  shop.create({ customerEmail: email, lineItems: [{ sku: shop.skus[0], quantity: 1 }] });

async function recorded(shop: CartShop, cartId: string): Promise<void> {
  await shop.until(async () => {
    const events = await shop.events('Started Checkout');
    return events.some(({ unique_id }) => unique_id.startsWith(cartId)) ? true : undefined;
  });
}

test('of two replicas one reads, and the other goes on where it stopped', async () => {
  await using shop = await startCartShop({ settings: { runs } });
  const first = await guestCart(shop, 'first@example.com');
  await recorded(shop, first.id);
  const { holder } = await leaseOf(shop);
  const other = await startReplica(shop.testEnv, {}, { cartWatch: quickWatch });
  try {
    await sleep(1_200);
    assert.equal((await leaseOf(shop)).holder, holder, 'the holder is alive');
    await shop.testEnv.app.stop();
    const second = await guestCart(shop, 'second@example.com');
    await recorded(shop, second.id);
    const { holder: next, cursor } = await leaseOf(shop);
    assert.ok(next !== holder && next !== '');
    assert.equal(cursor.at?.id, second.id);
    assert.equal((await shop.events('Added to Cart')).length, 2);
  } finally {
    await other.app.stop();
  }
});

for (const repeatedUniqueId of klaviyoVariants.repeatedUniqueId)
  test(`what a killed process had sent is sent again without effect, with repeated ids ${repeatedUniqueId}`, async () => {
    await using shop = await startCartShop({
      settings: { runs, klaviyo: { eventListingSeconds: 1 } },
      klaviyo: { repeatedUniqueId },
    });
    const before = await leaseOf(shop).catch(() => undefined);
    const carts = await Promise.all(Array.from({ length: 15 }, (_, index) => guestCart(shop, `g${index}@example.com`)));
    for (const { id } of carts) await recorded(shop, id);
    await shop.testEnv.app.stop();
    const events = await shop.events();
    // As if it had died before it stored its position.
    const since = before?.cursor.since ?? new Date(Date.now() - 60_000).toISOString();
    await storeOf(shop.testEnv).put(watchKey, { holder: 'a dead process', beat: 1, cursor: { since } });
    const other = await startReplica(shop.testEnv, {}, { cartWatch: quickWatch });
    try {
      await shop.until(async () => ((await leaseOf(shop)).cursor.at === undefined ? undefined : true));
      assert.deepEqual(await shop.events(), events);
    } finally {
      await other.app.stop();
    }
  });

test('an outage of commercetools moves nothing, and everything is caught up afterwards', async () => {
  // A lease that a busy machine does not lose: its next holder would report the outage again.
  await using shop = await startCartShop({
    settings: { runs: { leaseSeconds: 10 }, commercetools: { retries: 0 } },
  });
  const first = await guestCart(shop, 'first@example.com');
  await recorded(shop, first.id);
  const { cursor } = await leaseOf(shop);
  const { faults, projectKey } = shop.testEnv.shop;
  const [outage] = faults.add({ kind: 'status', status: 503, method: 'GET', path: `/${projectKey}/carts` });
  const carts = [await guestCart(shop, 'second@example.com'), await guestCart(shop, 'third@example.com')];
  await shop.until(() => ((outage?.matched ?? 0) > 5 ? true : undefined));
  assert.deepEqual((await leaseOf(shop)).cursor, cursor);
  faults.clear();
  for (const { id } of carts) await recorded(shop, id);
  const warnings = shop.testEnv.logged.filter((line) => line.includes('carts are not read now'));
  assert.equal(warnings.length, 1, 'an outage is one warning');
});

test('ten changes within an interval are one read of the cart', async () => {
  await using shop = await startCartShop({ overrides: { cartWatch: { everyMs: 200, settlingMs: 1_500 } } });
  let cart = await guestCart(shop, 'guest@example.com');
  const lines = await shop.nextReads(1, async () => {
    for (let quantity = 2; quantity <= 11; quantity += 1)
      cart = await shop.change(cart, { action: 'changeLineItemQuantity', lineItemId: cart.lineItems[0]?.id, quantity });
  });
  assert.deepEqual(
    lines.map(({ read }) => read),
    [1],
  );
  assert.equal((await shop.events('Added to Cart')).length, 1);
  assert.equal((await shop.events('Started Checkout')).length, 1);
});

test('as many carts are read at a time as a sync reads', async () => {
  await using shop = await startCartShop({
    settings: { commercetools: { largePageSize: 5 } },
    overrides: { cartWatch: { everyMs: 200, settlingMs: 1_500 } },
  });
  const emails = Array.from({ length: 12 }, (_, index) => `guest${index}@example.com`);
  const lines = await shop.nextReads(12, () => Promise.all(emails.map((email) => guestCart(shop, email))));
  const read = lines.map((line) => line.read);
  assert.ok(
    read.every((count) => count <= 5),
    read.join(),
  );
  assert.equal((await shop.events('Started Checkout')).length, 12);
});

test('with a subscription a change is sent without a read at intervals', async () => {
  const push = { ALLOW_UNAUTHENTICATED_PUSH: 'true' };
  await using shop = await startCartShop({ env: push, settings: { carts: { watch: 'subscription' } } });
  const reads = shop.countReads();
  const topic = 'pubsub/topics/cloud/carts';
  await fetch(`${shop.testEnv.shop.url}/sandbox/${topic}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pushEndpoint: shop.testEnv.service }),
  });
  const destination = { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 'carts' };
  const { status } = await shop.api.request('POST', 'subscriptions', {
    destination,
    changes: [{ resourceTypeId: 'cart' }],
  });
  assert.equal(status, 201);
  const cart = await guestCart(shop, 'guest@example.com');
  await recorded(shop, cart.id);
  const ordered = await shop.create({
    customerEmail: 'buyer@example.com',
    lineItems: [{ sku: shop.skus[1], quantity: 1 }],
  });
  await shop.order(ordered);
  await shop.until(() => (shop.testEnv.logged.some((line) => line.includes('the cart is Ordered')) ? true : undefined));
  assert.ok(reads() > 0, 'carts are looked up');
  assert.equal(await storeOf(shop.testEnv).get(watchKey), undefined);
});

test('a cart that was ordered while its changes waited sends nothing', async () => {
  await using shop = await startCartShop({ settings: { carts: { watch: 'subscription' } } });
  const cart = await shop.create({
    customerEmail: 'buyer@example.com',
    lineItems: [{ sku: shop.skus[0], quantity: 1 }],
    shippingAddress: { country: 'DE', streetName: 'Markt' },
  });
  await shop.order(cart);
  const resource = { typeId: 'cart', id: cart.id };
  const modifiedAt = cart.lastModifiedAt;
  for (const [index, notificationType] of ['ResourceCreated', 'ResourceUpdated'].entries())
    assert.equal(
      await shop.testEnv.push({ notificationType, resource, version: index + 1, modifiedAt, projectKey: 'shop' }),
      204,
    );
  assert.deepEqual(await shop.events(), []);
});

test('a cart event that Klaviyo rejects is a dead letter, and is sent by its replay', async () => {
  await using shop = await startCartShop();
  const errors = [
    { code: 'invalid', title: 'Invalid', detail: 'no', source: { pointer: '/data/attributes/properties' } },
  ];
  shop.testEnv.klaviyo.faults.add({
    kind: 'status',
    status: 400,
    method: 'POST',
    path: '/api/events',
    body: { errors },
  });
  const cart = await guestCart(shop, 'guest@example.com');
  const letters = await shop.until(async () => {
    const stored = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
    return stored.length === 2 ? stored : undefined;
  });
  assert.deepEqual(new Set(letters.map(({ rule }) => rule)), new Set(['added-to-cart', 'started-checkout']));
  assert.deepEqual(letters[0]?.cause, { type: 'watch' });
  shop.testEnv.klaviyo.faults.clear();
  assert.equal((await shop.testEnv.app.replay.all({})).delivered, 2);
  await recorded(shop, cart.id);
});
