/** Order placed: the Placed Order event, as a message and as a bulk sync bring it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { address, customLineItem, type Json, lineItem, money } from '../fixtures/index.ts';
import { type Made, newCustomer, newOrder, type OrderShop, type SeenEvent, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const ways: Record<string, (order: Made) => Promise<unknown>> = {
  realtime: async ({ ref, record }) =>
    assert.equal(await shop.sendMessage('OrderCreated', ref, { order: record }), 204),
  bulk: async (order) => {
    await shop.addRecords(order);
    assert.equal((await shop.sync('orders', [order])).counts.delivered, 1);
  },
};
const street = {
  FirstName: 'Mia',
  LastName: 'Keller',
  RegionCode: 'BE',
  CountryCode: 'DE',
  Zip: '10119',
  Phone: '0151 23456789',
};

for (const [way, arrive] of Object.entries(ways)) {
  const arriving = async (overrides: Json = {}): Promise<SeenEvent> => {
    const order = newOrder(overrides);
    await arrive(order);
    return shop.event('Placed Order', order.id);
  };

  describe(`Placed Order in ${way}`, () => {
    test('id → unique_id, createdAt → time, totalPrice → value, customerId and customerEmail → profile', async () => {
      const who = newCustomer();
      await shop.addRecords(who);
      const order = newOrder({ customerId: who.id, customerEmail: who.email });
      await arrive(order);
      const { time, value, value_currency, profile } = await shop.event('Placed Order', order.id);
      assert.deepEqual([time, value, value_currency], ['2026-03-14T10:00:00+00:00', 122.8, 'EUR']);
      assert.deepEqual([profile.email, profile.external_id], [who.email, who.id]);
    });

    test("all of the order's properties, its custom fields, ItemNames, Categories and Klaviyo's own names go along", async () => {
      const order = newOrder();
      await arrive(order);
      const { properties } = await shop.event('Placed Order', order.id);
      const { customerId: _none, paymentInfo: _neither, ...raw } = order.record;
      assert.deepEqual(properties, {
        ...raw,
        giftMessage: 'Happy birthday',
        giftWrap: false,
        cancelReason: 'ordered twice',
        ItemNames: ['Slim Jeans', 'Gift wrapping'],
        Categories: ['Women', 'Women > Pants', 'Women > Pants > Jeans'],
        OrderId: order.record.orderNumber,
        Items: [
          {
            ProductID: '00000000-0000-4000-8000-000000000ab1',
            SKU: 'JEANS-S',
            ProductName: 'Slim Jeans',
            Quantity: 2,
            ItemPrice: 59.9,
            RowTotal: 119.8,
            ProductURL: 'https://shop.example/p/slim-jeans',
            ImageURL: 'https://cdn.example.com/jeans-s.jpg',
            Brand: 'Nordwind',
            Categories: ['Women', 'Women > Pants', 'Women > Pants > Jeans'],
          },
        ],
        Brands: ['Nordwind'],
        DiscountCode: 'SPRING',
        DiscountValue: 5,
        BillingAddress: { ...street, Address1: '4. OG, Hinterhaus, 12, Torstraße', City: 'Berlin' },
        ShippingAddress: { ...street, Address1: '4. OG, Hinterhaus, 3, Torstraße', City: 'Potsdam' },
      });
    });

    test('absent, null and empty text are left out; false and 0 are values', async () => {
      const { properties } = await arriving({ customerGroup: null, store: '', fee: 0, isGift: false });
      assert.deepEqual([properties.fee, properties.isGift], [0, false]);
      assert.ok(!('customerGroup' in properties) && !('store' in properties));
    });

    test('a guest order is about its e-mail', async () => {
      const order = newOrder();
      await arrive(order);
      const { profile } = await shop.event('Placed Order', order.id);
      assert.deepEqual([profile.email, profile.external_id], [order.email, null]);
    });

    test('an order without e-mail is about its customer', async () => {
      const who = newCustomer();
      await shop.addRecords(who);
      const { profile } = await arriving({ customerEmail: undefined, customerId: who.id });
      assert.deepEqual([profile.email, profile.external_id], [who.email, who.id]);
    });

    test('repeated, it stays one event', async () => {
      const order = newOrder();
      for (const again of [order, order, order]) await arrive(again);
      assert.equal((await shop.events({ unique_id: order.id })).length, 1);
    });

    test('money: the digits of its own currency, JPY whole, KWD three, high precision to the last digit, 0 as 0', async () => {
      const of = async (totalPrice: Json) => {
        const { value, value_currency } = await arriving({ totalPrice });
        return [value, value_currency];
      };
      assert.deepEqual(await of(money(1500, 'JPY', 0)), [1500, 'JPY']);
      assert.deepEqual(await of(money(12_345, 'KWD', 3)), [12.345, 'KWD']);
      const precise = { ...money(1, 'EUR', 5), type: 'highPrecision', preciseAmount: 1234 };
      assert.deepEqual(await of(precise), [0.01234, 'EUR']);
      assert.deepEqual(await of(money(0)), [0, 'EUR']);
    });

    test('ItemNames: line items, then custom ones, no doubles, no empty ones', async () => {
      const named = (name: Json) => lineItem({ id: randomUUID(), name });
      const { properties } = await arriving({
        lineItems: [named({ de: 'Hose', en: 'Trousers' }), named({ en: 'Trousers' }), named({ en: '' }), named({})],
        customLineItems: [customLineItem({ name: { en: 'Gift card' } }), customLineItem({ name: { en: 'Trousers' } })],
      });
      assert.deepEqual(properties.ItemNames, ['Trousers', 'Gift card']);
    });

    test('a product that is gone gives no categories and no brand, and the order goes out', async () => {
      const lineItems = [lineItem({ id: randomUUID(), productId: randomUUID() })];
      const { properties } = await arriving({ lineItems });
      assert.deepEqual(
        [properties.Categories, properties.Brands, properties.ItemNames],
        [[], [], ['Slim Jeans', 'Gift wrapping']],
      );
    });

    test('neither e-mail nor customer (B2B): skipped, with the reason', async () => {
      const order = newOrder({ customerEmail: undefined, customerId: undefined });
      await shop.addRecords(order);
      if (way === 'bulk') {
        const { counts } = await shop.sync('orders', [order]);
        assert.deepEqual([counts.skipped, counts.reasons['the order has neither e-mail nor customer id']], [1, 1]);
      } else {
        await arrive(order);
        assert.deepEqual(shop.reasons(order), ['the order has neither e-mail nor customer id']);
      }
      assert.deepEqual(await shop.events({ unique_id: order.id }), []);
    });
  });
}

describe('what places an order', () => {
  for (const type of ['OrderImported', 'OrderCreatedFromRecurringOrder']) {
    test(`${type} places an order`, async () => {
      const order = newOrder();
      assert.equal(await shop.sendMessage(type, order.ref, { order: order.record }), 204);
      assert.equal((await shop.event('Placed Order', order.id)).value, 122.8);
      assert.equal((await shop.events({ metric: 'Ordered Product', profile: order.email })).length, 1);
    });

    test(`${type} of an order that is not Open does not`, async () => {
      const order = newOrder({ orderState: 'Complete' });
      assert.equal(await shop.sendMessage(type, order.ref, { order: order.record }), 204);
      assert.deepEqual(await shop.events({ profile: order.email }), []);
      assert.match(shop.reasons(order).join(), /order that is Complete does not count as placed/);
    });
  }

  test('payloadNotIncluded: the order is read from commercetools, and sent also when it has moved on', async () => {
    const order = newOrder({ orderState: 'Confirmed' });
    await shop.addRecords(order);
    assert.equal(await shop.sendWithoutPayload('OrderCreated', order.ref), 204);
    assert.equal((await shop.event('Placed Order', order.id)).profile.email, order.email);
    assert.equal((await shop.events({ metric: 'Ordered Product', profile: order.email })).length, 1);
  });

  test('an order that is gone when fetched is skipped with the reason', async () => {
    const order = newOrder();
    assert.equal(await shop.sendWithoutPayload('OrderCreated', order.ref), 204);
    assert.deepEqual(shop.reasons(order), ['the order no longer exists']);
  });

  test('a message and the bulk sync of the same order make one Placed Order and one Ordered Product', async () => {
    const order = newOrder();
    for (const arrive of Object.values(ways)) await arrive(order);
    const metrics = (await shop.events({ profile: order.email })).map(({ metric }) => metric).toSorted();
    assert.deepEqual(metrics, ['Ordered Product', 'Placed Order']);
  });

  test('two messages of the same moment about one order make one of each', async () => {
    const { ref, record, email } = newOrder();
    await Promise.all(['OrderCreated', 'OrderImported'].map((type) => shop.sendMessage(type, ref, { order: record })));
    assert.equal((await shop.events({ profile: email })).length, 2);
  });
});

describe('billingAddress → the location of the profile', () => {
  const moved = (city: string) => ({ billingAddress: address({ city, region: undefined }) });

  test('in realtime the order carries it', async () => {
    const order = newOrder(moved('Hamburg'));
    await ways.realtime?.(order);
    const expected = {
      address1: '4. OG, Hinterhaus, 12, Torstraße',
      address2: 'bei Schmidt',
      city: 'Hamburg',
      country: 'DE',
      region: '',
      zip: '10119',
    };
    assert.deepEqual((await shop.profile(order.email)).location, expected);
  });

  test('in bulk it does not: an old order must not overwrite a newer address', async () => {
    const order = newOrder(moved('Hamburg'));
    await shop.known({ email: order.email, location: { city: 'Bonn' } });
    await ways.bulk?.(order);
    assert.deepEqual((await shop.profile(order.email)).location, { city: 'Bonn' });
  });

  test('an order without a billing address leaves the place alone', async () => {
    const order = newOrder({ billingAddress: undefined });
    await shop.known({ email: order.email, location: { city: 'Bonn' } });
    await ways.realtime?.(order);
    assert.deepEqual((await shop.profile(order.email)).location, { city: 'Bonn' });
  });
});
