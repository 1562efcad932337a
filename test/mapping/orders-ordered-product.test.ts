/** Ordered product: an event is sent for each order line. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { customLineItem, id, type Json, lineItem, money, price, variant } from '../fixtures/index.ts';
import { type Made, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

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
const newLine = (overrides: Json = {}) => lineItem({ id: randomUUID(), ...overrides });

for (const [way, arrive] of Object.entries(ways)) {
  const productsOf = async (order: Made) => {
    await arrive(order);
    return shop.events({ metric: 'Ordered Product', profile: order.email });
  };

  describe(`Ordered Product in ${way}`, () => {
    test('lineItem.id → unique_id, createdAt → time, lineItem.totalPrice → value, customerEmail → profile', async () => {
      const line = randomUUID();
      const order = newOrder({ lineItems: [newLine({ id: line })] });
      const [seen, ...others] = await productsOf(order);
      assert.equal(others.length, 0);
      assert.deepEqual(
        [seen?.unique_id, seen?.time, seen?.value, seen?.value_currency, seen?.profile.email],
        [line, '2026-03-14T10:00:00+00:00', 119.8, 'EUR', order.email],
      );
    });

    test("all lineItem properties → properties, and Klaviyo's own names", async () => {
      const line = newLine();
      const order = newOrder({ lineItems: [line] });
      const [seen] = await productsOf(order);
      // As JSON, which knows no `undefined`.
      assert.deepEqual(seen?.properties, {
        ...line,
        OrderId: order.record.orderNumber,
        ProductID: id('ab1'),
        SKU: 'JEANS-S',
        ProductName: 'Slim Jeans',
        Quantity: 2,
        ProductURL: 'https://shop.example/p/slim-jeans',
        ImageURL: 'https://cdn.example.com/jeans-s.jpg',
        ProductBrand: 'Nordwind',
        Categories: ['Women', 'Women > Pants', 'Women > Pants > Jeans'],
      });
    });

    test('each line is an event of its own, also two of the same product', async () => {
      const lines = [
        newLine({ quantity: 1 }),
        newLine({ quantity: 3 }),
        newLine({ variant: variant({ sku: 'JEANS-M' }) }),
      ];
      const seen = await productsOf(newOrder({ lineItems: lines }));
      assert.deepEqual(
        seen.map(({ unique_id, properties }) => [unique_id, properties.Quantity, properties.SKU]).toSorted(),
        lines.map((one, index) => [one.id, one.quantity, index === 2 ? 'JEANS-M' : 'JEANS-S']).toSorted(),
      );
    });

    test('a gift line is one too, with the value 0', async () => {
      const gift = newLine({ lineItemMode: 'GiftLineItem', totalPrice: money(0) });
      const seen = await productsOf(newOrder({ lineItems: [newLine(), gift] }));
      assert.deepEqual(seen.map(({ value }) => value).toSorted(), [0, 119.8]);
    });

    test('a custom line item is not: it belongs to no product', async () => {
      const order = newOrder({ lineItems: [], customLineItems: [customLineItem()] });
      assert.deepEqual(await productsOf(order), []);
      assert.deepEqual((await shop.event('Placed Order', order.id)).properties.ItemNames, ['Gift wrapping']);
    });

    test('a line without sku, image and slug has the names that are known', async () => {
      const bare = newLine({ productId: randomUUID(), productSlug: undefined, variant: { id: 1 }, price: price(500) });
      const [seen] = await productsOf(newOrder({ lineItems: [bare] }));
      assert.ok(seen);
      const { ProductName, Quantity, ProductURL, SKU, ImageURL, ProductBrand, Categories } = seen.properties;
      assert.deepEqual(
        [ProductName, Quantity, SKU, ImageURL, ProductBrand],
        ['Slim Jeans', 2, undefined, undefined, undefined],
      );
      assert.deepEqual([ProductURL, Categories], [undefined, []]);
    });

    test('repeated, it stays one event a line', async () => {
      const order = newOrder({ lineItems: [newLine(), newLine()] });
      await arrive(order);
      assert.equal((await productsOf(order)).length, 2);
    });

    test('an order of a hundred lines arrives whole', async () => {
      const order = newOrder({ lineItems: Array.from({ length: 100 }, () => newLine()) });
      assert.equal((await productsOf(order)).length, 100);
      const { Items } = (await shop.event('Placed Order', order.id)).properties;
      assert.ok(Array.isArray(Items) && Items.length === 100);
    });
  });
}
