/** The worked examples, as they lie in examples/, against both sandboxes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import { z } from 'zod';
import { fetchToken } from '../../sandbox/shop/actors/shop-api.ts';
import { startCartShop } from '../carts/cart-fixture.ts';
import { reference } from '../fixtures/index.ts';
import { newCustomer, newOrder } from '../mapping/order-fixture.ts';
import { example, startWith } from './merchant.ts';

test('every example is a folder with a README, and has a test here', () => {
  const own = readFileSync(new URL(import.meta.url), 'utf8');
  const names = readdirSync(new URL('../../examples/', import.meta.url));
  assert.ok(names.length >= 3);
  for (const name of names) {
    assert.match(own, new RegExp(`example\\('${name}'`), name);
    assert.match(readFileSync(new URL(`../../examples/${name}/README.md`, import.meta.url), 'utf8'), /^# /);
  }
});

test('loyalty points of a customer are in the profile, with their tier and without the raw field', async (context) => {
  const shop = await startWith(context, example('loyalty-points'));
  const type = reference('type', 'loyalty');
  const [gold, none] = [
    newCustomer({ custom: { type, fields: { loyaltyPoints: 1_200, newsletter: true } } }),
    newCustomer({ custom: { type, fields: { newsletter: true } } }),
  ];
  await shop.addRecords(gold, none);
  assert.equal(await shop.sendChange('ResourceUpdated', gold.ref), 204);
  const { properties } = await shop.profile(gold.email);
  assert.deepEqual(properties, { newsletter: true, 'Loyalty Points': 1_200, 'Loyalty Tier': 'Gold' });
  await shop.sync('customers', [none]);
  assert.deepEqual((await shop.profile(none.email)).properties, { newsletter: true });
});

test('each estimated delivery of an order is an event of its own, once, in realtime and in bulk', async (context) => {
  const shop = await startWith(context, example('estimated-delivery'));
  const method = { shippingMethodName: 'DHL', deliveries: [] };
  const order = newOrder();
  const estimate = async (from: string) => {
    const shippingInfo = { ...method, estimatedDelivery: { from, until: '2026-03-20' } };
    await shop.addRecords({ ...order, record: { ...order.record, shippingInfo } });
    const payload = { estimatedDelivery: shippingInfo.estimatedDelivery };
    assert.equal(await shop.sendMessage('OrderEstimatedDeliverySet', order.ref, payload), 204);
  };
  await estimate('2026-03-17');
  await estimate('2026-03-18');
  await estimate('2026-03-18');
  await shop.sync('orders', [order]);
  const events = await shop.events({ metric: 'Estimated Delivery Set' });
  assert.deepEqual(
    events.map(({ unique_id, properties }) => [unique_id, properties.EstimatedDelivery]).toSorted(),
    ['2026-03-17', '2026-03-18'].map((from) => [`${order.id}:${from}..2026-03-20`, from]),
  );
  assert.ok(
    events.every(({ wouldTriggerFlows }) => wouldTriggerFlows),
    'the sync added none',
  );
});

test("a product is an item of each store with the store's URL, and goes with the product", async (context) => {
  const shop = await startWith(context, example('items-per-store'));
  const { counts } = await shop.testEnv.sync('products');
  assert.equal(counts.delivered, 1);
  const items = await shop.testEnv.items();
  const url = (end: string) => items.find(({ external_id }) => String(external_id).endsWith(end))?.url;
  assert.equal(items.length, 3);
  assert.equal(url('-berlin'), 'https://berlin.shop.example/p/schmale-jeans');
  assert.equal(url('-london'), 'https://london.shop.example/p/slim-jeans');
  const skus = (await shop.testEnv.variants()).map(({ sku }) => String(sku));
  assert.ok(skus.includes('JEANS-S') && skus.includes('JEANS-S-berlin') && skus.includes('JEANS-M-london'));
  const id = String(items[0]?.external_id).replace(/-(berlin|london)$/, '');
  shop.testEnv.shop.records.remove('product', id);
  assert.equal(await shop.sendChange('ResourceDeleted', reference('product', id)), 204);
  assert.deepEqual([await shop.testEnv.items(), await shop.testEnv.variants()], [[], []]);
});

test('the link of an event restores its cart as a copy, and only with a valid token', async (context) => {
  const secret = 'the secret of both sides';
  await using shop = await startCartShop({
    env: { CART_LINK_SECRET: `${secret}, the former secret` },
    settings: { carts: { url: 'https://shop.example/{{language}}/cart/restore/{{token}}' } },
  });
  const cart = await shop.create({
    ...{ customerEmail: 'guest@example.com', locale: 'de-DE' },
    lineItems: [{ sku: shop.skus[0], quantity: 2 }],
  });
  const url = await shop.until(async () => (await shop.events())[0]?.properties.CheckoutURL);
  const { pathname } = new URL(String(url));
  assert.match(pathname, /^\/de\/cart\/restore\/v1\./);
  const { createShopFront } = await importShopFront();
  const { url: apiUrl, projectKey } = shop.testEnv.shop;
  const server = createShopFront({
    secrets: ['the next secret of both', secret],
    projectUrl: `${apiUrl}/${projectKey}`,
    accessToken: () => fetchToken(shop.testEnv.shop),
    cartPage: '/cart',
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const open = (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual' });
  const [, replicaId = ''] = /cart=([^;]+)/.exec((await open(pathname)).headers.get('set-cookie') ?? '') ?? [];
  assert.notEqual(replicaId, cart.id);
  const replica = z.looseObject({ customerEmail: z.string() }).parse(shop.testEnv.shop.records.get('cart', replicaId));
  assert.equal(replica.customerEmail, 'guest@example.com');
  const changed = pathname.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  assert.equal((await open(changed)).headers.get('set-cookie'), null);
});

/** `commercetools-klaviyo` is this package, which has to be installed elsewhere. */
async function importShopFront(): Promise<typeof import('../../examples/cart-restore/shop-front.ts')> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(
        specifier === 'commercetools-klaviyo' ? new URL('../../src/index.ts', import.meta.url).href : specifier,
        context,
      ),
  });
  try {
    return await import(example('cart-restore', 'shop-front.ts'));
  } finally {
    hooks.deregister();
  }
}
