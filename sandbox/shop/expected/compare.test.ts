/** Tests of the expected Klaviyo state and its comparison. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCommercetoolsSandbox } from '../../commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../../commercetools/sandbox-types.ts';
import { type KlaviyoSandbox, startKlaviyoSandbox } from '../../klaviyo/sandbox.ts';
import { connectShop, type ShopApi } from '../actors/shop-api.ts';
import { buy, claim, moveOrder } from '../actors/shopper-actions.ts';
import { edgeCaseId } from '../edge-cases/index.ts';
import { idOf } from '../seed/random.ts';
import { seedShop } from '../seed/seed.ts';
import { compare } from './compare.ts';
import { type Expected, expectedOf } from './index.ts';

let shop: CommercetoolsSandbox;
let klaviyo: KlaviyoSandbox;
let api: ShopApi;
let expected: Expected;

before(async () => {
  shop = await startCommercetoolsSandbox();
  klaviyo = await startKlaviyoSandbox({ record: false });
  await seedShop(shop, { customers: 10, orders: 10, products: 5 });
  api = connectShop(shop);
  expected = await expectedOf(api);
});
after(async () => {
  await shop.stop();
  await klaviyo.stop();
});

const refunds = (name: string) => {
  const order = edgeCaseId('order', name);
  return [...expected.events.values()]
    .filter(({ metric, uniqueId }) => metric === 'Refunded Order' && uniqueId.startsWith(order))
    .map(({ uniqueId, value }) => [uniqueId === order ? 'order' : 'own', value]);
};
const price = (name: string) => expected.items.find(({ id }) => id === edgeCaseId('product', name))?.price;
const stock = (sku: string) => {
  const { quantity, policy } = expected.variants.find((variant) => variant.sku === sku) ?? {};
  return [quantity, policy];
};

test('refunds: the first refund of the first payment uses the order id, every other one its own', () => {
  assert.deepEqual(refunds('refund-twice'), [
    ['order', 5],
    ['own', 7],
  ]);
  assert.deepEqual(refunds('refund-failed-then-good'), [['own', 5]]);
  assert.deepEqual(refunds('two-payments'), [['own', 4]]);
  assert.deepEqual(refunds('two-payments-refunded'), [
    ['order', 3],
    ['own', 4],
  ]);
  assert.deepEqual(refunds('refund-negative'), [['order', 3]]);
  for (const name of ['refund-zero', 'refund-pending', 'refund-initial', 'chargeback'])
    assert.deepEqual(refunds(name), []);
});

test('shipments and returns: the pieces of a line share its price to the cent', () => {
  const parts = (name: string) => {
    const order = edgeCaseId('order', name);
    const isPart = ({ metric }: { metric: string }) => /Shipment|Partial|Return/.test(metric);
    return [...expected.events.values()]
      .filter((event) => event.uniqueId.startsWith(`${order}:`) && isPart(event))
      .map(({ metric, value }) => [metric, value]);
  };
  assert.deepEqual(parts('shipped-in-parts'), [
    ['Fulfilled Partial Order', 6.66],
    ['Confirmed Shipment', 6.66],
    ['Confirmed Shipment', 3.34],
  ]);
  assert.deepEqual(parts('shipped-without-number'), []);
  assert.deepEqual(parts('shipped-by-two-methods'), [
    ['Fulfilled Partial Order', 3.33],
    ['Confirmed Shipment', 3.33],
  ]);
  assert.deepEqual(parts('return-announced'), [['Return Requested', 6.66]]);
  assert.deepEqual(parts('return-arrived'), [
    ['Return Requested', 6.66],
    ['Return Received', 6.66],
  ]);
  assert.deepEqual(parts('return-unannounced'), [['Return Received', 6.66]]);
});

test('prices: unrestricted, currently valid, in the preferred currency', () => {
  const expectedPrices = {
    'price-for-group': 10,
    'price-for-channel': 10,
    'price-channel-only': null,
    'price-per-country': 11,
    'price-dated': 8,
    'price-expired': null,
    'price-discounted': 15,
    'price-dollar-only': null,
    'price-high-precision': 0.1234,
    'price-zero': 0,
    'price-standalone': 42,
  };
  for (const [name, expectedPrice] of Object.entries(expectedPrices)) assert.equal(price(name), expectedPrice, name);
});

test('stock: the entry without a channel, else the sum of channels, never negative; not tracked without entries', () => {
  assert.deepEqual(stock('stock-none'), [0, 2]);
  assert.deepEqual(stock('stock-negative'), [0, 1]);
  assert.deepEqual(stock('stock-channels-only'), [10, 1]);
  assert.deepEqual(stock('stock-both'), [7, 1]);
  assert.deepEqual(stock('stock-reserved'), [3, 1]);
});

test('products that are unpublished or have no master variant are not items', () => {
  const ids = new Set(expected.items.map(({ id }) => id));
  for (const name of ['unpublished', 'never-published', 'modular'])
    assert.ok(!ids.has(edgeCaseId('product', name)), name);
  assert.ok(ids.has(edgeCaseId('product', 'staged-differs')));
});

test('breadcrumbs start at the root category', () => {
  assert.equal(
    expected.categories.get(idOf('category/women_clothing_pants_jeans')),
    'Women > Clothing > Pants > Jeans',
  );
});

test('live events remain after later changes to the order', async () => {
  const guest = await buy(api, {
    email: 'live@example.com',
    lines: [{ sku: 'product-1-S', quantity: 1 }],
    orderNumber: 'live-1',
  });
  const order = guest.ids.order ?? '';
  const journal = [guest, await moveOrder(api, { order, to: 'Confirmed' })];
  journal.push(await claim(api, { order, customer: idOf('customer/customer-1') }));
  journal.push(await moveOrder(api, { order, to: 'Cancelled' }));
  const { events } = await expectedOf(api, { journal, bulk: false });
  const metrics = [...events.values()].map(({ metric }) => metric).sort();
  assert.deepEqual(metrics, ['Cancelled Order', 'Fulfilled Order', 'Ordered Product', 'Placed Order']);
});

test('an empty Klaviyo account differs in every record, and the report contains ids only', async () => {
  const { rows, differences } = await compare(shop, klaviyo.url);
  assert.ok(rows.every(({ expected: count, ok }) => ok === (count === 0)));
  assert.ok(differences.includes(`event missing: Placed Order ${edgeCaseId('order', 'yen')}`));
  assert.ok(!differences.some((line) => line.includes('@')));
});
