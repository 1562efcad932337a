import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  address,
  categories,
  customer,
  customLineItem,
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  type Json,
  lineItem,
  lookupsIn,
  mappedOutput,
  money,
  order,
  product,
  reference,
  repair,
  run,
  settings,
  withoutPayload,
} from '../../../test/fixtures/index.ts';
import type { EventChange } from '../../klaviyo/change.ts';
import type { RuleSettings } from '../settings.ts';
import type { RuleOutput } from '../types.ts';

const ref = reference('order', id('0a'));
const shop = {
  customers: [customer()],
  products: [product()],
  categories: categories(),
  discountCodes: { [id('dc1')]: 'SPRING' },
};
const english = settings({}, { preferredLocale: 'en-US', productUrlTemplate: 'https://shop.example/{{productSlug}}' });

function eventIn({ changes: [change], skips }: RuleOutput): EventChange {
  if (change?.type !== 'event') throw new Error(`no event was written: ${skips.join()}`);
  return change;
}

async function evaluate(
  overrides: Json = {},
  with_: RuleSettings = english,
  type = 'OrderCreated',
): Promise<RuleOutput> {
  const options = { rule: 'placed-order', lookups: lookupsIn(shop), settings: with_ };
  return mappedOutput(await evaluateMessage(delivery(type, ref, { order: order(overrides) }), options));
}
const placed = async (overrides: Json = {}, with_: RuleSettings = english) => eventIn(await evaluate(overrides, with_));
const properties = async (set: Json, overrides: Json = {}) =>
  (await placed(overrides, { ...english, ...settings(set), preferredLocale: 'en-US' })).properties;

describe('Placed Order', () => {
  test('has the id, the creation time and the total of the order in its currency', async () => {
    const { metric, uniqueId, time, value, currency, backfill } = await placed();
    assert.deepEqual([metric, uniqueId, time], ['Placed Order', id('0a'), '2026-03-14T10:00:00.000Z']);
    assert.deepEqual([value, currency, backfill], [122.8, 'EUR', false]);
  });

  test('has amounts in yen without decimals, and no currency if the settings say so', async () => {
    const yen = await placed({ totalPrice: money(1500, 'JPY', 0) });
    assert.deepEqual([yen.value, yen.currency], [1500, 'JPY']);
    assert.equal('currency' in (await placed({}, settings({ order: { valueCurrency: false } }))), false);
  });

  test('has the e-mail and the id of the customer, or the e-mail of the guest', async () => {
    const { profile } = await placed();
    assert.deepEqual([profile.email, profile.external_id], ['Mia.Keller@example.com', id('c1')]);
    assert.deepEqual((await placed({ customerId: undefined, billingAddress: undefined })).profile, {
      email: 'Mia.Keller@example.com',
    });
    assert.deepEqual((await placed({ customerEmail: '' })).profile, {
      email: 'Mia.Keller@example.com',
      external_id: id('c1'),
    });
  });

  test('is skipped with a reason without either', async () => {
    const { skips } = await evaluate({ customerEmail: undefined, customerId: undefined });
    assert.deepEqual(skips, ['the order has neither e-mail nor customer id']);
  });

  test('does not trigger flows for an import of an old order', async () => {
    const event = eventIn(await evaluate({ createdAt: '2019-05-01T00:00:00.000Z' }, english, 'OrderImported'));
    assert.deepEqual([event.time, event.backfill], ['2019-05-01T00:00:00.000Z', true]);
  });
});

describe('the state of a placed order', () => {
  test('an embedded order in a state other than the configured ones is not placed', async () => {
    assert.match((await evaluate({ orderState: 'Complete' })).skips[0] ?? '', /Complete .*order\.states\.created/);
    const both = settings({ order: { states: { created: { placedOrder: ['Open', 'Complete'] } } } });
    assert.equal((await evaluate({ orderState: 'Complete' }, both)).changes.length, 1);
  });

  test('an order that had to be read is sent in any state', async () => {
    const lookups = lookupsIn({ ...shop, orders: [order({ orderState: 'Complete' })] });
    const evaluated = await evaluateMessage(withoutPayload('OrderCreated', ref), { rule: 'placed-order', lookups });
    assert.equal(mappedOutput(evaluated).changes.length, 1);
  });

  test('a run sends an order in any state, without triggering flows', async () => {
    const page = [order({ orderState: 'Cancelled' })];
    const options = { rule: 'placed-order', lookups: lookupsIn(shop) };
    const event = eventIn(mappedOutput(await evaluateRecords(page, { ...options, cause: run })));
    assert.equal(event.backfill, true);
    const repaired = eventIn(mappedOutput(await evaluateRecords(page, { ...options, cause: repair })));
    assert.equal(repaired.backfill, false);
  });

  test('a replay gives the same result as its message', async () => {
    const cause = { type: 'replay', original: { type: 'replay', original: repair } } as const;
    const event = eventIn(
      mappedOutput(await evaluateRecords([order()], { rule: 'placed-order', lookups: lookupsIn(shop), cause })),
    );
    assert.equal(event.backfill, false);
  });
});

describe('a guest order that is assigned to a customer', () => {
  const customerSet = async (own: Json, overrides: Json = {}) => {
    const lookups = lookupsIn({ ...shop, orders: [order(overrides)] });
    return mappedOutput(
      await evaluateMessage(delivery('OrderCustomerSet', ref, own), { rule: 'placed-order', lookups }),
    );
  };
  const assigned = reference('customer', id('c1'));

  test("is sent with the e-mail alone, so that Klaviyo deduplicates it with the guest's event", async () => {
    const { profile } = eventIn(await customerSet({ customer: assigned }, { billingAddress: undefined }));
    assert.deepEqual(profile, { email: 'Mia.Keller@example.com' });
  });

  test("is sent with the customer's identifiers if the order has no e-mail", async () => {
    const { profile } = eventIn(
      await customerSet({ customer: assigned }, { customerEmail: undefined, billingAddress: undefined }),
    );
    assert.deepEqual(profile, { email: 'Mia.Keller@example.com', external_id: id('c1') });
  });

  test('is skipped when the customer was removed or replaced', async () => {
    assert.deepEqual((await customerSet({})).skips, ['the customer was taken from the order']);
    const moved = await customerSet({ customer: assigned, oldCustomer: reference('customer', id('c2')) });
    assert.deepEqual(moved.skips, ['the order moved from one customer to another']);
  });

  test('is sent when the payload was omitted', async () => {
    const lookups = lookupsIn({ ...shop, orders: [order({ billingAddress: undefined })] });
    const evaluated = await evaluateMessage(withoutPayload('OrderCustomerSet', ref), { rule: 'placed-order', lookups });
    assert.deepEqual(eventIn(mappedOutput(evaluated)).profile, { email: 'Mia.Keller@example.com' });
  });
});

describe('the location', () => {
  test('is sent with the event, unless the settings say never', async () => {
    const guest = { customerId: undefined };
    assert.equal((await placed(guest)).profile.location?.city, 'Berlin');
    const created = settings({ order: { profileLocation: 'created' } });
    assert.equal((await placed(guest, created)).profile.location?.city, 'Berlin');
    assert.equal('location' in (await placed(guest, settings({ order: { profileLocation: 'never' } }))).profile, false);
    assert.equal('location' in (await placed()).profile, false, 'the customer has an address');
  });

  test('is not changed by an order without billing address', async () => {
    assert.equal('location' in (await placed({ customerId: undefined, billingAddress: undefined })).profile, false);
  });
});

describe('the properties', () => {
  test("contain Klaviyo's names", async () => {
    const { properties } = await placed();
    assert.equal(properties.OrderId, '2026-0042');
    assert.deepEqual(properties.ItemNames, ['Slim Jeans', 'Gift wrapping']);
    assert.deepEqual(properties.Categories, ['Women', 'Women > Pants', 'Women > Pants > Jeans']);
    assert.deepEqual(properties.Brands, ['Nordwind']);
    assert.deepEqual([properties.DiscountCode, properties.DiscountValue], ['SPRING', 5]);
    assert.deepEqual(properties.Items, [
      {
        ProductID: id('ab1'),
        SKU: 'JEANS-S',
        ProductName: 'Slim Jeans',
        Quantity: 2,
        ItemPrice: 59.9,
        RowTotal: 119.8,
        ProductURL: 'https://shop.example/slim-jeans',
        ImageURL: 'https://cdn.example.com/jeans-s.jpg',
        Brand: 'Nordwind',
        Categories: ['Women', 'Women > Pants', 'Women > Pants > Jeans'],
      },
    ]);
    assert.deepEqual(properties.ShippingAddress, {
      FirstName: 'Mia',
      LastName: 'Keller',
      Address1: '4. OG, Hinterhaus, 3, Torstraße',
      City: 'Potsdam',
      RegionCode: 'BE',
      CountryCode: 'DE',
      Zip: '10119',
      Phone: '0151 23456789',
    });
  });

  test("contain the order's fields and custom fields unchanged, including false", async () => {
    const { properties } = await placed();
    assert.equal(properties.orderNumber, '2026-0042');
    assert.deepEqual(properties.totalPrice, money(12280));
    assert.deepEqual([properties.giftMessage, properties.giftWrap], ['Happy birthday', false]);
    assert.ok('custom' in properties);
  });

  test('contain distinct item names, custom line items last, without empty ones', async () => {
    const { properties } = await placed({
      lineItems: [lineItem(), lineItem({ id: id('12') }), lineItem({ id: id('13'), name: { 'en-US': '' } })],
      customLineItems: [customLineItem(), customLineItem({ name: { 'en-US': 'Slim Jeans' } })],
    });
    assert.deepEqual(properties.ItemNames, ['Slim Jeans', 'Gift wrapping']);
  });

  test('have no categories of a deleted product', async () => {
    const { properties } = await placed({ lineItems: [lineItem({ productId: id('dead') })] });
    assert.deepEqual([properties.Categories, properties.Brands], [[], []]);
  });

  test('have the categories of an unpublished product', async () => {
    const current = product();
    const lookups = lookupsIn({
      ...shop,
      products: [{ ...current, masterData: { ...Object(current.masterData), published: false } }],
    });
    const evaluated = await evaluateMessage(delivery('OrderCreated', ref, { order: order() }), {
      rule: 'placed-order',
      lookups,
    });
    assert.equal(Array.isArray(eventIn(mappedOutput(evaluated)).properties.Categories), true);
    assert.deepEqual(eventIn(mappedOutput(evaluated)).properties.Brands, ['Nordwind']);
  });

  test('contain a Klaviyo name only if its source field passes the filter', async () => {
    const few = await properties({ order: { properties: { include: ['orderNumber', 'totalPrice'] } } });
    assert.deepEqual(Object.keys(few).toSorted(), [
      ...['Categories', 'ItemNames', 'OrderId', 'cancelReason', 'giftMessage', 'giftWrap', 'orderNumber', 'totalPrice'],
    ]);
    const less = await properties({
      order: { properties: { exclude: ['billingAddress', 'lineItems', 'discountCodes', 'discountOnTotalPrice'] } },
    });
    for (const name of ['BillingAddress', 'Items', 'Brands', 'DiscountCode', 'DiscountValue']) {
      assert.ok(!(name in less), name);
    }
    assert.ok('ShippingAddress' in less);
  });

  test('lose Klaviyo names and fields that exclude names', async () => {
    const less = await properties({ order: { properties: { exclude: ['ItemNames', 'OrderId', 'customerEmail'] } } });
    assert.ok(!('ItemNames' in less) && !('OrderId' in less) && !('customerEmail' in less) && 'Categories' in less);
  });

  test('do not contain an excluded order number as OrderId', async () => {
    const less = await properties({ order: { properties: { exclude: ['orderNumber'] } } });
    assert.equal(less.OrderId, id('0a'));
    assert.equal((await properties({}, { orderNumber: undefined })).OrderId, id('0a'));
    assert.ok(!('OrderId' in (await properties({ order: { properties: { include: ['totalPrice'] } } }))));
  });

  test('prefer a renamed field over a Klaviyo name, and a Klaviyo name over a custom field', async () => {
    const mapped = await properties({
      order: { properties: { map: { country: 'Categories', orderNumber: 'Items' } } },
    });
    assert.deepEqual([mapped.Categories, mapped.Items], ['DE', '2026-0042']);
    assert.ok(!('country' in mapped));
    const custom = await properties({}, { custom: { fields: { Categories: 'mine', OrderId: 'mine' } } });
    assert.deepEqual([Array.isArray(custom.Categories), custom.OrderId], [true, 'mine']);
  });

  test("can be restricted to Klaviyo's names or to commercetools' fields", async () => {
    const raw = await properties({ order: { properties: { klaviyoNames: false } } });
    assert.ok(!('Items' in raw) && !('OrderId' in raw) && 'lineItems' in raw && 'ItemNames' in raw);
    const named = await properties({ order: { properties: { raw: false } } });
    assert.ok(
      'Items' in named && !('lineItems' in named) && !('custom' in named) && named.giftMessage === 'Happy birthday',
    );
  });

  test('contain all discount codes that still exist', async () => {
    const discountCodes = ['dc1', 'dc2', 'dc3'].map((own) => ({ discountCode: reference('discount-code', id(own)) }));
    const lookups = lookupsIn({ ...shop, discountCodes: { [id('dc1')]: 'SPRING', [id('dc3')]: 'VIP' } });
    const body = delivery('OrderCreated', ref, { order: order({ discountCodes }) });
    const event = eventIn(mappedOutput(await evaluateMessage(body, { rule: 'placed-order', lookups })));
    assert.equal(event.properties.DiscountCode, 'SPRING, VIP');
  });

  test('contain an incomplete address', async () => {
    const { properties } = await placed({ billingAddress: address({ firstName: '', country: undefined, mobile: '' }) });
    assert.deepEqual(Object.keys(Object(properties.BillingAddress)), [
      ...['LastName', 'Address1', 'City', 'RegionCode', 'Zip', 'Phone'],
    ]);
  });
});
