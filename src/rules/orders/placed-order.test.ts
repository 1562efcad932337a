import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  address,
  askMessage,
  askRecords,
  categories,
  customLineItem,
  delivery,
  id,
  type Json,
  lineItem,
  lookIn,
  money,
  order,
  product,
  reference,
  repair,
  run,
  settings,
  withoutPayload,
  written,
} from '../../../test/fixtures/index.ts';
import type { EventChange } from '../../klaviyo/change.ts';
import type { RuleSettings } from '../settings.ts';
import type { RuleOutput } from '../types.ts';

const about = reference('order', id('0a'));
const shop = { products: [product()], categories: categories(), discountCodes: { [id('dc1')]: 'SPRING' } };
const english = settings({}, { preferredLocale: 'en-US', productUrlTemplate: 'https://shop.example/{{productSlug}}' });

function eventIn({ changes: [change], skips }: RuleOutput): EventChange {
  if (change?.type !== 'event') throw new Error(`no event was written: ${skips.join()}`);
  return change;
}

async function wordOn(overrides: Json = {}, with_: RuleSettings = english, type = 'OrderCreated'): Promise<RuleOutput> {
  const asking = { rule: 'placed-order', lookups: lookIn(shop), settings: with_ };
  return written(await askMessage(delivery(type, about, { order: order(overrides) }), asking));
}
const placed = async (overrides: Json = {}, with_: RuleSettings = english) => eventIn(await wordOn(overrides, with_));
const properties = async (set: Json, overrides: Json = {}) =>
  (await placed(overrides, { ...english, ...settings(set), preferredLocale: 'en-US' })).properties;

describe('the event', () => {
  test('an order arrives once, when it was created, with its total in its currency', async () => {
    const { metric, uniqueId, time, value, currency, backfill } = await placed();
    assert.deepEqual([metric, uniqueId, time], ['Placed Order', id('0a'), '2026-03-14T10:00:00.000Z']);
    assert.deepEqual([value, currency, backfill], [122.8, 'EUR', false]);
  });

  test('yen arrive as yen, and a merchant may leave the currency out', async () => {
    const yen = await placed({ totalPrice: money(1500, 'JPY', 0) });
    assert.deepEqual([yen.value, yen.currency], [1500, 'JPY']);
    assert.equal('currency' in (await placed({}, settings({ order: { valueCurrency: false } }))), false);
  });

  test('it is about the e-mail and the customer as the order has them', async () => {
    const { profile } = await placed();
    assert.deepEqual([profile.email, profile.external_id], ['Mia.Keller@example.com', id('c1')]);
    assert.deepEqual((await placed({ customerId: undefined, billingAddress: undefined })).profile, {
      email: 'Mia.Keller@example.com',
    });
    assert.deepEqual((await placed({ customerEmail: '', billingAddress: undefined })).profile, {
      external_id: id('c1'),
    });
  });

  test('an order with neither is skipped with the reason', async () => {
    const { skips } = await wordOn({ customerEmail: undefined, customerId: undefined });
    assert.deepEqual(skips, ['the order has neither e-mail nor customer id']);
  });

  test('an imported order of long ago wakes no flow', async () => {
    const event = eventIn(await wordOn({ createdAt: '2019-05-01T00:00:00.000Z' }, english, 'OrderImported'));
    assert.deepEqual([event.time, event.backfill], ['2019-05-01T00:00:00.000Z', true]);
  });
});

describe('when', () => {
  test('a carried order in another state than the configured ones is not placed', async () => {
    assert.match((await wordOn({ orderState: 'Complete' })).skips[0] ?? '', /Complete .*order\.states\.created/);
    const both = settings({ order: { states: { created: { placedOrder: ['Open', 'Complete'] } } } });
    assert.equal((await wordOn({ orderState: 'Complete' }, both)).changes.length, 1);
  });

  test('one that had to be fetched may have moved on: it is sent', async () => {
    const lookups = lookIn({ ...shop, orders: [order({ orderState: 'Complete' })] });
    const told = await askMessage(withoutPayload('OrderCreated', about), { rule: 'placed-order', lookups });
    assert.equal(written(told).changes.length, 1);
  });

  test('a run sends an order in any state, without waking flows, and never its address', async () => {
    const page = [order({ orderState: 'Cancelled' })];
    const asking = { rule: 'placed-order', lookups: lookIn(shop) };
    const event = eventIn(written(await askRecords(page, { ...asking, cause: run })));
    assert.deepEqual([event.backfill, 'location' in event.profile], [true, false]);
    const repaired = eventIn(written(await askRecords(page, { ...asking, cause: repair })));
    assert.deepEqual([repaired.backfill, 'location' in repaired.profile], [false, false]);
  });

  test('a replay means what its message meant', async () => {
    const cause = { type: 'replay', original: { type: 'replay', original: repair } } as const;
    const event = eventIn(written(await askRecords([order()], { rule: 'placed-order', lookups: lookIn(shop), cause })));
    assert.equal(event.backfill, false);
  });
});

describe('a guest order that gets a customer', () => {
  const customerSet = async (own: Json, overrides: Json = {}) => {
    const lookups = lookIn({ ...shop, orders: [order(overrides)] });
    return written(await askMessage(delivery('OrderCustomerSet', about, own), { rule: 'placed-order', lookups }));
  };
  const customer = reference('customer', id('c1'));

  test("is sent with the e-mail alone, so that the guest's event is recognised", async () => {
    const { profile } = eventIn(await customerSet({ customer }, { billingAddress: undefined }));
    assert.deepEqual(profile, { email: 'Mia.Keller@example.com' });
  });

  test('is sent with the customer where the order has no e-mail', async () => {
    const { profile } = eventIn(
      await customerSet({ customer }, { customerEmail: undefined, billingAddress: undefined }),
    );
    assert.deepEqual(profile, { external_id: id('c1') });
  });

  test('is skipped when the customer was taken away, or came from another customer', async () => {
    assert.deepEqual((await customerSet({})).skips, ['the customer was taken from the order']);
    const moved = await customerSet({ customer, oldCustomer: reference('customer', id('c2')) });
    assert.deepEqual(moved.skips, ['the order moved from one customer to another']);
  });

  test('is sent when the message could not say which', async () => {
    const lookups = lookIn({ ...shop, orders: [order({ billingAddress: undefined })] });
    const told = await askMessage(withoutPayload('OrderCustomerSet', about), { rule: 'placed-order', lookups });
    assert.deepEqual(eventIn(written(told)).profile, { email: 'Mia.Keller@example.com' });
  });
});

describe('the address', () => {
  test('travels with the event, unless the merchant says never', async () => {
    assert.equal((await placed()).profile.location?.city, 'Berlin');
    const created = settings({ order: { profileLocation: 'created' } });
    assert.equal((await placed({}, created)).profile.location?.city, 'Berlin');
    assert.equal('location' in (await placed({}, settings({ order: { profileLocation: 'never' } }))).profile, false);
  });

  test('is left alone where the order has none', async () => {
    assert.equal('location' in (await placed({ billingAddress: undefined })).profile, false);
  });
});

describe('the properties', () => {
  test("Klaviyo's own names are filled", async () => {
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

  test("the order's fields arrive as they are, its custom fields beside them, false too", async () => {
    const { properties } = await placed();
    assert.equal(properties.orderNumber, '2026-0042');
    assert.deepEqual(properties.totalPrice, money(12280));
    assert.deepEqual([properties.giftMessage, properties.giftWrap], ['Happy birthday', false]);
    assert.ok('custom' in properties);
  });

  test('item names are told once, custom lines last, empty ones not at all', async () => {
    const { properties } = await placed({
      lineItems: [lineItem(), lineItem({ id: id('12') }), lineItem({ id: id('13'), name: { 'en-US': '' } })],
      customLineItems: [customLineItem(), customLineItem({ name: { 'en-US': 'Slim Jeans' } })],
    });
    assert.deepEqual(properties.ItemNames, ['Slim Jeans', 'Gift wrapping']);
  });

  test('a product that is gone gives no categories, and the order goes out', async () => {
    const { properties } = await placed({ lineItems: [lineItem({ productId: id('dead') })] });
    assert.deepEqual([properties.Categories, properties.Brands], [[], []]);
  });

  test('a product that is not published any more still gives its categories', async () => {
    const current = product();
    const lookups = lookIn({
      ...shop,
      products: [{ ...current, masterData: { ...Object(current.masterData), published: false } }],
    });
    const told = await askMessage(delivery('OrderCreated', about, { order: order() }), {
      rule: 'placed-order',
      lookups,
    });
    assert.equal(Array.isArray(eventIn(written(told)).properties.Categories), true);
    assert.deepEqual(eventIn(written(told)).properties.Brands, ['Nordwind']);
  });

  test('a name of ours is sent only if its source passes the filter', async () => {
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

  test("exclude takes our own names too, and the customer's", async () => {
    const less = await properties({ order: { properties: { exclude: ['ItemNames', 'OrderId', 'customerEmail'] } } });
    assert.ok(!('ItemNames' in less) && !('OrderId' in less) && !('customerEmail' in less) && 'Categories' in less);
  });

  test('an order number that the merchant holds back is not told as OrderId', async () => {
    const less = await properties({ order: { properties: { exclude: ['orderNumber'] } } });
    assert.equal(less.OrderId, id('0a'));
    assert.equal((await properties({}, { orderNumber: undefined })).OrderId, id('0a'));
    assert.ok(!('OrderId' in (await properties({ order: { properties: { include: ['totalPrice'] } } }))));
  });

  test('a name that the merchant makes beats one of ours; a custom field of that name does not', async () => {
    const mapped = await properties({
      order: { properties: { map: { country: 'Categories', orderNumber: 'Items' } } },
    });
    assert.deepEqual([mapped.Categories, mapped.Items], ['DE', '2026-0042']);
    assert.ok(!('country' in mapped));
    const custom = await properties({}, { custom: { fields: { Categories: 'mine', OrderId: 'mine' } } });
    assert.deepEqual([Array.isArray(custom.Categories), custom.OrderId], [true, 'mine']);
  });

  test("the merchant may turn Klaviyo's names off, or commercetools' own", async () => {
    const raw = await properties({ order: { properties: { klaviyoNames: false } } });
    assert.ok(!('Items' in raw) && !('OrderId' in raw) && 'lineItems' in raw && 'ItemNames' in raw);
    const named = await properties({ order: { properties: { raw: false } } });
    assert.ok(
      'Items' in named && !('lineItems' in named) && !('custom' in named) && named.giftMessage === 'Happy birthday',
    );
  });

  test('several discount codes are told together; one that is gone is left out', async () => {
    const discountCodes = ['dc1', 'dc2', 'dc3'].map((own) => ({ discountCode: reference('discount-code', id(own)) }));
    const lookups = lookIn({ ...shop, discountCodes: { [id('dc1')]: 'SPRING', [id('dc3')]: 'VIP' } });
    const body = delivery('OrderCreated', about, { order: order({ discountCodes }) });
    const event = eventIn(written(await askMessage(body, { rule: 'placed-order', lookups })));
    assert.equal(event.properties.DiscountCode, 'SPRING, VIP');
  });

  test('an order with an address in the shape of another shop still arrives', async () => {
    const { properties } = await placed({ billingAddress: address({ firstName: '', country: undefined, mobile: '' }) });
    assert.deepEqual(Object.keys(Object(properties.BillingAddress)), [
      ...['LastName', 'Address1', 'City', 'RegionCode', 'Zip', 'Phone'],
    ]);
  });
});
