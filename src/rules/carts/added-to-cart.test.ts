/** Tests Added to Cart: one event for each chosen line, its names, its profile, and why a cart is not sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import {
  cart,
  cartLine,
  categories,
  changeDelivery,
  customer,
  evaluateMessage,
  evaluateRecords,
  id,
  type Json,
  lookupsIn,
  mappedOutput,
  money,
  now,
  product,
  profilesIn,
  reference,
  repair,
  run,
  settings,
} from '../../../test/fixtures/index.ts';
import type { EventChange } from '../../klaviyo/change.ts';
import type { Cause, RuleOutput } from '../types.ts';

const watch: Cause = { type: 'watch' };
const lookups = lookupsIn({ products: [product()], categories: categories(), customers: [customer()] });

async function evaluated(record: Json, carts: Json = {}, cause: Cause = watch): Promise<RuleOutput> {
  const set = {
    ...settings({ carts: { enabled: true, ...carts } }),
    productUrlTemplate: 'https://shop/{{productSlug}}',
  };
  const signCartId = (cartId: string, expiresAt: Date) => `${cartId}@${expiresAt.toISOString()}`;
  const options = { rule: 'added-to-cart', lookups, settings: { ...set, signCartId }, cause };
  return mappedOutput(await evaluateRecords([record], options));
}
async function eventsOf(...given: Parameters<typeof evaluated>): Promise<EventChange[]> {
  return (await evaluated(...given)).changes.flatMap((change) => (change.type === 'event' ? [change] : []));
}
async function skipOf(...given: Parameters<typeof evaluated>): Promise<string | undefined> {
  const { changes, skips } = await evaluated(...given);
  assert.deepEqual(changes, []);
  return skips.join();
}

test('each line is one event at the time when it was added, with the total of the cart as its value', async () => {
  const added = '2026-03-16T11:10:00.000Z';
  const [first, second, ...others] = await eventsOf(
    cart({
      lineItems: [cartLine(), cartLine({ id: id('22'), addedAt: added, quantity: 1 })],
      totalPrice: money(17970),
    }),
  );
  assert.equal(others.length, 0);
  assert.deepEqual([first?.uniqueId, first?.time], [`${id('ca47')}:${id('11')}`, '2026-03-16T11:00:00.000Z']);
  assert.deepEqual([second?.uniqueId, second?.time], [`${id('ca47')}:${id('22')}`, added]);
  assert.deepEqual([first?.value, second?.value, second?.currency], [179.7, 179.7, 'EUR']);
  assert.deepEqual([first?.metric, first?.backfill], ['Added to Cart', false]);
});

test("the event has Klaviyo's names of the added item and of the items in the cart", async () => {
  const [event] = await eventsOf(cart(), { url: 'https://shop/{{language}}/cart/{{token}}' });
  const { properties } = event ?? {};
  assert.deepEqual(Object.keys(properties ?? {}).toSorted(), [
    ...['AddedItemCategories', 'AddedItemImageURL', 'AddedItemPrice', 'AddedItemProductID', 'AddedItemProductName'],
    ...['AddedItemQuantity', 'AddedItemSKU', 'AddedItemURL', 'CheckoutURL', 'ItemNames', 'Items'],
  ]);
  assert.equal(properties?.AddedItemProductID, id('ab1'));
  assert.equal(properties?.AddedItemPrice, 59.9);
  assert.deepEqual(properties?.AddedItemCategories, ['Women', 'Women > Pants', 'Women > Pants > Jeans']);
  assert.equal(
    properties?.CheckoutURL,
    `https://shop/de/cart/${encodeURIComponent(`${id('ca47')}@2026-04-15T11:30:00.000Z`)}`,
  );
  const [item] = z.array(z.record(z.string(), z.unknown())).parse(properties?.Items);
  assert.deepEqual(item, {
    ...item,
    ProductID: id('ab1'),
    RowTotal: 119.8,
    ProductCategories: properties?.AddedItemCategories,
  });
  assert.ok(item && !('Categories' in item));
});

test('the value can be that of the line', async () => {
  const record = cart({ lineItems: [cartLine({ totalPrice: money(500) })] });
  assert.deepEqual(
    (await eventsOf(record, { addedToCart: { value: 'line' } })).map(({ value }) => value),
    [5],
  );
});

test('a gift is no event, and neither is a line without a time', async () => {
  const lineItems = [cartLine({ lineItemMode: 'GiftLineItem' }), cartLine({ id: id('22'), addedAt: undefined })];
  assert.equal(await skipOf(cart({ lineItems })), 'a line item does not say when it was added');
  assert.equal(await skipOf(cart({ lineItems: lineItems.slice(0, 1) })), 'the cart has no line items');
});

test('a cart that is not sent says why', async () => {
  const anonymous = { customerEmail: undefined };
  assert.equal(await skipOf(cart({ cartState: 'Ordered' })), 'the cart is Ordered');
  assert.equal(await skipOf(cart({ cartState: 'Merged' })), 'the cart is Merged');
  assert.match((await skipOf(cart({ origin: 'RecurringOrder' }))) ?? '', /^the origin of the cart is RecurringOrder/);
  assert.equal(await skipOf(cart({ lineItems: [] })), 'the cart has no line items');
  assert.match((await skipOf(cart(anonymous))) ?? '', /^the cart has neither e-mail nor customer nor exchange id/);
  assert.match((await skipOf(cart(), { minimum: 200 })) ?? '', /below carts.minimum/);
  const denied = cart({ custom: { type: reference('type', id('f2')), fields: { consent: false } } });
  assert.match((await skipOf(denied, { consentField: 'consent' })) ?? '', /no consent/);
  assert.match((await skipOf(cart(), { consentField: 'consent' })) ?? '', /no consent/);
  assert.equal(await skipOf(cart(), { enabled: false }), 'carts.enabled is false');
});

test('a browser that Klaviyo knows is sent by its exchange id alone, an e-mail wins over it', async () => {
  const custom = { type: reference('type', id('f2')), fields: { kx: 'exchange', browser: 'anonymous' } };
  const identity = { kx: 'kx', anonymousId: 'browser' };
  const [event] = await eventsOf(cart({ customerEmail: undefined, custom }), { identity });
  assert.deepEqual(event?.profile, { _kx: 'exchange', anonymous_id: 'anonymous' });
  const [known] = await eventsOf(cart({ custom }), { identity });
  assert.deepEqual(known?.profile, { email: 'Mia.Keller@example.com' });
});

test('a customer is found as for an order, without a look at its Placed Order', async () => {
  const profiles = profilesIn({ id: 'P1', external_id: id('c1'), email: 'mia@example.com' });
  profiles.hasEvent = () => assert.fail('a cart has no Placed Order');
  profiles.rememberedFor = () => assert.fail('only corrected orders are remembered');
  const options = { rule: 'added-to-cart', lookups, profiles, settings: settings({ carts: { enabled: true } }) };
  const record = cart({ customerId: id('c1'), customerEmail: 'other@example.com' });
  const [event] = mappedOutput(await evaluateRecords([record], { ...options, cause: watch })).changes;
  assert.deepEqual(event?.type === 'event' && event.profile, { external_id: id('c1') });
});

test('what is older than carts.maxAgeHours, and what a sync sends, does not trigger flows', async () => {
  const [recent, old] = [23, 25].map((hours) => new Date(now.getTime() - hours * 3_600_000).toISOString());
  const lineItems = [cartLine({ addedAt: recent }), cartLine({ id: id('22'), addedAt: old })];
  const backfills = async (cause: Cause) =>
    (await eventsOf(cart({ lineItems }), {}, cause)).map((event) => event.backfill);
  assert.deepEqual(await backfills(watch), [false, true]);
  assert.deepEqual(await backfills(run), [true, true]);
  assert.deepEqual(await backfills(repair), [false, false]);
});

test('a message of a cart leads to the cart as it is now', async () => {
  const set = settings({ carts: { enabled: true, watch: 'subscription' } });
  const change = changeDelivery('ResourceUpdated', reference('cart', id('ca47')));
  const now = (...carts: Json[]) =>
    evaluateMessage(change, { rule: 'added-to-cart', settings: set, lookups: lookupsIn({ carts }) });
  assert.equal(mappedOutput(await now(cart())).changes.length, 1);
  assert.deepEqual(mappedOutput(await now(cart({ cartState: 'Ordered' }))).skips, ['the cart is Ordered']);
  const [gone] = await now();
  assert.equal(gone?.outcome === 'skipped' && gone.reason, 'the cart no longer exists');
});

test("commercetools' own fields are sent only on request, and excluded names never", async () => {
  const [event] = await eventsOf(cart(), { properties: { exclude: ['ItemNames'] } });
  assert.deepEqual(
    ['ItemNames', 'country'].map((name) => name in (event?.properties ?? {})),
    [false, false],
  );
  const [raw] = await eventsOf(cart(), { properties: { raw: true, include: ['country'] } });
  assert.equal(raw?.properties.country, 'DE');
  assert.ok(!('locale' in (raw?.properties ?? {})));
});

test('a link without a value for one of its variables is left out with a warning', async () => {
  const { changes, warnings } = await evaluated(cart({ key: undefined }), { url: 'https://shop/{{cartKey}}' });
  assert.ok(changes.every((change) => change.type === 'event' && !('CheckoutURL' in change.properties)));
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['cart-without-link'],
  );
});
