/** Carts end to end: what is sent for which cart, once, with which names, and why others are left out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { klaviyoVariants } from '../../sandbox/klaviyo/behaviours.ts';
import { explainedSchema } from '../../src/engine/explain/schema.ts';
import { foundSchema } from '../../src/engine/find/schema.ts';
import { type CartEvent, type CartShop, startCartShop } from './cart-fixture.ts';

const toSecond = (time: string) => Math.floor(Date.parse(time) / 1_000);
const uniqueIds = (events: CartEvent[]) => events.map(({ unique_id }) => unique_id).toSorted();

/** A cart with one line, of a guest whose e-mail is known. */
async function guestCart(shop: CartShop, email = 'guest@example.com') {
  return shop.create({ customerEmail: email, lineItems: [{ sku: shop.skus[0], quantity: 1 }] });
}

test('a guest adds two items and enters an e-mail: two Added to Cart and one Started Checkout', async () => {
  const url = 'https://shop.example/cart/{{cartId}}';
  await using shop = await startCartShop({ settings: { carts: { url } } });
  await shop.testEnv.sync('products');
  let cart = await shop.add(await shop.create(), 0);
  cart = await shop.add(cart, 1, 2);
  await shop.nextReads(1, async () => {
    cart = await shop.change(cart, { action: 'setCustomerEmail', email: 'guest@example.com' });
  });
  const total = cart.totalPrice.centAmount / 100;
  const added = await shop.until(async () => {
    const events = await shop.events('Added to Cart');
    return events.length > 0 ? events : undefined;
  });
  assert.deepEqual(
    added.map(({ unique_id, time, value }) => [unique_id, toSecond(time), value]).toSorted(),
    cart.lineItems.map(({ id, addedAt }) => [`${cart.id}:${id}`, toSecond(addedAt), total]).toSorted(),
  );
  const [started, ...others] = await shop.events('Started Checkout');
  assert.equal(others.length, 0);
  assert.deepEqual([started?.value, started?.profile.email, started?.backfill], [total, 'guest@example.com', false]);
  assert.equal(started?.properties.CheckoutURL, `https://shop.example/cart/${cart.id}`);
  const items = z.array(z.looseObject({ ProductID: z.string() })).parse(started?.properties.Items);
  assert.ok(items.every((item) => Array.isArray(item.ProductCategories) && !('Categories' in item)));
  const catalogue = new Set((await shop.testEnv.items()).map(({ external_id }) => external_id));
  assert.ok(
    items.every(({ ProductID }) => catalogue.has(ProductID)),
    'recommendations know the items',
  );
});

for (const repeatedUniqueId of klaviyoVariants.repeatedUniqueId)
  test(`changes are read together and no event is recorded twice, with repeated ids ${repeatedUniqueId}`, async () => {
    await using shop = await startCartShop({ klaviyo: { repeatedUniqueId } });
    let cart = await guestCart(shop);
    await shop.nextReads(1, async () => {
      for (let quantity = 2; quantity <= 11; quantity += 1)
        cart = await shop.change(cart, {
          action: 'changeLineItemQuantity',
          lineItemId: cart.lineItems[0]?.id,
          quantity,
        });
    });
    // One more change than were read so far: the last state is sent.
    await shop.nextReads(1, async () => {
      cart = await shop.change(cart, { action: 'setLocale', locale: 'en' });
    });
    const added = await shop.events('Added to Cart');
    assert.deepEqual(uniqueIds(added), [`${cart.id}:${cart.lineItems[0]?.id}`]);
    const started = await shop.events('Started Checkout');
    assert.equal(new Set(uniqueIds(started)).size, started.length);
  });

test('a third item starts the checkout again, an address does not', async () => {
  await using shop = await startCartShop();
  let cart = await guestCart(shop);
  await shop.nextReads(1, async () => {
    cart = await shop.add(cart, 1);
  });
  const before = (await shop.events('Started Checkout')).length;
  await shop.nextReads(1, async () => {
    cart = await shop.add(cart, 2);
  });
  assert.equal((await shop.events('Started Checkout')).length, before + 1);
  await shop.nextReads(1, async () => {
    cart = await shop.change(cart, {
      action: 'setShippingAddress',
      address: { country: 'DE', streetName: 'Markt', postalCode: '04109' },
    });
  });
  assert.equal((await shop.events('Started Checkout')).length, before + 1);
});

test('carts that are not for Klaviyo are left out, each with its reason counted', async () => {
  // Each cart is read in its last state.
  await using shop = await startCartShop({ overrides: { cartWatch: { everyMs: 100, settlingMs: 1_500 } } });
  const lineItems = [{ sku: shop.skus[0], quantity: 1 }];
  const customerEmail = 'guest@example.com';
  const lines = await shop.nextReads(6, async () => {
    const ordered = await shop.create({ customerEmail, lineItems, shippingAddress: { country: 'DE' } });
    await shop.order(ordered);
    const anonymous = await shop.create({ lineItems });
    await shop.api.request('POST', 'customers', { email: 'mia@example.com', password: 'secret' });
    const credentials = { email: 'mia@example.com', password: 'secret' };
    await shop.api.post(
      'login',
      { ...credentials, anonymousCart: { typeId: 'cart', id: (await shop.create()).id } },
      z.unknown(),
    );
    await shop.api.post('login', { ...credentials, anonymousCart: { typeId: 'cart', id: anonymous.id } }, z.unknown());
    await shop.create({ customerEmail, lineItems, origin: 'RecurringOrder' });
    await shop.create({ customerEmail });
    await shop.create({ lineItems });
  });
  const reasons = new Map<string, number>();
  for (const line of lines)
    for (const [reason, count] of Object.entries(line.reasons)) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  for (const reason of [
    'the cart is Ordered',
    'the cart is Merged',
    'the origin of the cart is RecurringOrder (carts.origins)',
    'the cart has no line items',
    'the cart has neither e-mail nor customer nor exchange id (carts.identity.kx)',
  ])
    assert.ok((reasons.get(reason) ?? 0) >= 1, `${reason} in ${JSON.stringify([...reasons])}`);
  const sent = new Set((await shop.events()).map(({ profile }) => profile.email));
  assert.deepEqual([...sent], ['mia@example.com'], 'the cart that the other one was merged into');
});

test('an exchange id in a custom field is the only identifier of the event', async () => {
  await using shop = await startCartShop({ settings: { carts: { identity: { kx: 'kx' } } } });
  const lineItems = [{ sku: shop.skus[0], quantity: 1 }];
  const cart = await shop.create({ lineItems });
  const record = shop.testEnv.shop.records.get('cart', cart.id);
  const custom = { type: { typeId: 'type', id: 'carts' }, fields: { kx: 'exchange-id' } };
  await shop.nextReads(1, () =>
    shop.testEnv.addRecords('cart', { ...Object(record), custom, lastModifiedAt: new Date().toISOString() }),
  );
  const [event] = await shop.until(async () => {
    const events = await shop.events('Added to Cart');
    return events.length > 0 ? events : undefined;
  });
  assert.deepEqual([event?.profile.email, event?.profile.external_id], [null, null]);
  const [profile] = await shop.testEnv.profiles();
  assert.equal(profile?._kx, 'exchange-id');
});

test('nothing is read or sent while carts are off', async () => {
  await using shop = await startCartShop({ settings: { carts: { enabled: false } } });
  await guestCart(shop);
  for (const body of [undefined, { resume: true }]) {
    const answer = await shop.testEnv.post('/sync/carts', body);
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), /carts are not synced: carts\.enabled is false/);
  }
  assert.deepEqual(await shop.events(), []);
  assert.equal(shop.testEnv.shop.records.all('key-value-document').length, 0);
});

test('a sync sends the carts that changed since a time, without triggering flows', async () => {
  await using shop = await startCartShop({ settings: { carts: { watch: 'subscription' } } });
  await guestCart(shop);
  const run = await shop.testEnv.sync('carts', { since: new Date(Date.now() - 3_600_000).toISOString() });
  assert.deepEqual([run.state, run.counts.delivered], ['completed', 1]);
  const events = await shop.events();
  assert.deepEqual(events.map(({ metric, backfill }) => [metric, backfill]).toSorted(), [
    ['Added to Cart', true],
    ['Started Checkout', true],
  ]);
});

test('a cart is explained: what would be sent, from which fields, and why not', async () => {
  await using shop = await startCartShop({ settings: { carts: { watch: 'subscription' } } });
  const explain = async (id: string) => {
    const answer = await fetch(`${shop.testEnv.service}/explain/cart/${id}`);
    return explainedSchema.parse(await answer.json()).rules;
  };
  const [added, started] = await explain((await guestCart(shop)).id);
  assert.deepEqual([added?.rule, added?.changes.length], ['added-to-cart', 1]);
  const time = added?.changes[0]?.values.find(({ path }) => path === 'time');
  assert.deepEqual(time?.from, ['cart: lineItems.0.addedAt']);
  assert.equal(started?.changes.length, 1);
  const [none] = await explain((await shop.create({ customerEmail: 'guest@example.com' })).id);
  assert.deepEqual(none?.skips, ['the cart has no line items']);
  assert.deepEqual(await shop.events(), []);
});

test('find says what became of a cart', async () => {
  await using shop = await startCartShop();
  const cart = await guestCart(shop);
  await shop.until(async () => ((await shop.events()).length === 2 ? true : undefined));
  const find = async (text: string) => {
    const answer = await fetch(`${shop.testEnv.service}/find?text=${encodeURIComponent(text)}`);
    return foundSchema.parse(await answer.json()).matches.find(({ record }) => record.typeId === 'cart');
  };
  const match = await find(cart.id);
  assert.match(
    match?.sentence ?? '',
    new RegExp(`^Cart ${cart.id}: Added to Cart delivered.*; Started Checkout delivered`),
  );
  assert.equal(
    match?.klaviyo.events.every(({ recorded }) => recorded),
    true,
  );
  assert.deepEqual((await find('guest@example.com'))?.record, match?.record);
});
