/** Tests of the simulated actions: which notifications each of them sends. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type PushReceiver, startPushReceiver } from './commercetools/push-receiver.ts';
import { startCommercetoolsSandbox } from './commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from './commercetools/sandbox-types.ts';
import { leaveCart, restoreCart, startCheckout } from './shop/actors/cart-actions.ts';
import { createEditor } from './shop/actors/editor.ts';
import * as editor from './shop/actors/editor-actions.ts';
import * as warehouse from './shop/actors/fulfilment-actions.ts';
import type { JournalEntry } from './shop/actors/journal.ts';
import { connectShop, type ShopApi } from './shop/actors/shop-api.ts';
import { createShopper } from './shop/actors/shopper.ts';
import * as shopper from './shop/actors/shopper-actions.ts';
import { order } from './shop/seed/builders.ts';
import { idOf } from './shop/seed/random.ts';
import { seedShop } from './shop/seed/seed.ts';

let sandbox: CommercetoolsSandbox;
let receiver: PushReceiver;
let api: ShopApi;
const types = ['customer', 'order', 'payment', 'product', 'category', 'inventory-entry', 'standalone-price'];
const changed = ['customer', 'category', 'product', 'inventory-entry'];

before(async () => {
  receiver = await startPushReceiver();
  sandbox = await startCommercetoolsSandbox({ redelivery: { firstRetryMs: 10 } });
  await seedShop(sandbox, { customers: 20, orders: 10, products: 20 });
  sandbox.pubsub.bind('projects/cloud/topics/all', { pushEndpoint: receiver.url });
  api = connectShop(sandbox);
  const subscription = {
    destination: { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 'all' },
    messages: types.map((resourceTypeId) => ({ resourceTypeId })),
    changes: changed.map((resourceTypeId) => ({ resourceTypeId })),
  };
  assert.equal((await api.request('POST', 'subscriptions', subscription)).status, 201);
});
after(async () => {
  await sandbox.stop();
  await receiver.stop();
});

async function untilIdle(): Promise<void> {
  while (sandbox.pubsub.pending > 0) await pause(2);
}

/** Runs an action and returns the labels of the deliveries it caused, sorted. */
async function deliveriesOf(act: () => Promise<JournalEntry>): Promise<{ entry: JournalEntry; labels: string[] }> {
  await untilIdle();
  const seen = receiver.labels().length;
  const entry = await act();
  await untilIdle();
  return { entry, labels: receiver.labels().slice(seen).sort() };
}

const address = { country: 'DE', city: 'Ulm' };
const product = idOf('product/product-2');
const sku = 'product-2-S';
let number = 0;

function register() {
  number += 1;
  return shopper.register(api, { email: `live-${number}@example.com`, firstName: 'Live', lastName: 'Test', address });
}

function buy(customer?: string) {
  number += 1;
  return shopper.buy(api, {
    customer,
    email: 'buyer@example.com',
    lines: [{ sku, quantity: 2 }],
    orderNumber: `test-${number}`,
  });
}

async function paidOrder(): Promise<string> {
  const { ids } = await buy();
  await shopper.pay(api, { order: ids.order ?? '' });
  return ids.order ?? '';
}

test('registration sends CustomerCreated', async () => {
  assert.deepEqual((await deliveriesOf(register)).labels, ['CustomerCreated', 'ResourceCreated customer']);
});

test('name and address changes send their messages', async () => {
  const { customer = '' } = (await register()).ids;
  const renamed = await deliveriesOf(() => shopper.changeName(api, { customer, lastName: 'Neu' }));
  assert.deepEqual(renamed.labels, ['CustomerLastNameSet', 'ResourceUpdated customer']);
  const moved = await deliveriesOf(() =>
    shopper.changeAddress(api, { customer, address: { country: 'DE', city: 'Kassel' } }),
  );
  assert.deepEqual(moved.labels, ['CustomerAddressChanged', 'ResourceUpdated customer']);
});

test('an order takes stock: ResourceUpdated, but no InventoryEntryQuantitySet', async () => {
  const stock = z.object({
    results: z.array(z.object({ availableQuantity: z.number(), quantityOnStock: z.number() })),
  });
  const read = () =>
    api.get(`inventory?where=${encodeURIComponent(`sku="${sku}" and supplyChannel is not defined`)}`, stock);
  const [then] = (await read()).results;
  const { labels } = await deliveriesOf(() => buy());
  assert.deepEqual(labels, ['OrderCreated', 'ResourceUpdated inventory-entry']);
  const [now] = (await read()).results;
  assert.equal(now?.availableQuantity, (then?.availableQuantity ?? 0) - 2);
  assert.equal(now?.quantityOnStock, then?.quantityOnStock);
});

test('the order in the message equals the stored order, with complete money', async () => {
  const { entry } = await deliveriesOf(() => buy());
  const created = receiver.payloads.findLast(({ type }) => type === 'OrderCreated');
  assert.deepEqual(created?.order, await api.get(`orders/${entry.ids.order}`, z.unknown()));
  const { totalPrice } = z.object({ totalPrice: z.object({ fractionDigits: z.number() }) }).parse(created?.order);
  assert.equal(totalPrice.fractionDigits, 2);
});

for (const to of ['Confirmed', 'Complete', 'Cancelled'] as const) {
  test(`changing an order to ${to} sends OrderStateChanged`, async () => {
    const { order = '' } = (await buy()).ids;
    assert.deepEqual((await deliveriesOf(() => shopper.moveOrder(api, { order, to }))).labels, ['OrderStateChanged']);
  });
}

test('paying creates a payment and adds it to the order', async () => {
  const { order = '' } = (await buy()).ids;
  assert.deepEqual((await deliveriesOf(() => shopper.pay(api, { order }))).labels, [
    'OrderPaymentAdded',
    'PaymentCreated',
  ]);
});

test('refunds add transactions, and settling a pending refund changes its state', async () => {
  const order = await paidOrder();
  const first = await deliveriesOf(() => shopper.refund(api, { order, share: 0.3, state: 'Success' }));
  assert.deepEqual(first.labels, ['PaymentTransactionAdded']);
  const second = await deliveriesOf(() => shopper.refund(api, { order, share: 0.2, state: 'Pending' }));
  assert.deepEqual(second.labels, ['PaymentTransactionAdded']);
  const { payment = '', transaction = '' } = second.entry.ids;
  const settled = await deliveriesOf(() => shopper.settleRefund(api, { order, payment, transaction }));
  assert.deepEqual(settled.labels, ['PaymentTransactionStateChanged']);
});

test('assigning a guest order to a customer sends OrderCustomerSet', async () => {
  const { customer = '' } = (await register()).ids;
  const { order = '' } = (await buy()).ids;
  assert.deepEqual((await deliveriesOf(() => shopper.claim(api, { order, customer }))).labels, ['OrderCustomerSet']);
});

test('parcels, their numbers, the arrival and returns send their messages', async () => {
  const { order = '' } = (await buy()).ids;
  const labels = async (act: () => Promise<JournalEntry>) => (await deliveriesOf(act)).labels;
  const pack = async () => (await warehouse.pack(api, { order })).entry;
  assert.deepEqual(await labels(pack), ['DeliveryAdded']);
  assert.deepEqual(await labels(() => warehouse.track(api, { order })), ['ParcelTrackingDataUpdated']);
  const { entry, isComplete } = await warehouse.pack(api, { order });
  assert.deepEqual([entry.action, isComplete], ['pack', true]);
  assert.deepEqual(await labels(() => warehouse.arrive(api, { order })), ['OrderShipmentStateChanged']);
  assert.deepEqual(await labels(() => warehouse.requestReturn(api, { order })), ['ReturnInfoAdded']);
  assert.deepEqual(await labels(() => warehouse.receiveReturn(api, { order })), ['OrderReturnShipmentStateChanged']);
});

test('an order created by a recurring order has its own message type', async () => {
  const recurringOrder = order({ recurringOrder: { typeId: 'recurring-order', id: 'weekly' } });
  const { labels } = await deliveriesOf(async () => {
    await fetch(`${sandbox.url}/sandbox/orders/from-recurring-order`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ order: recurringOrder }),
    });
    return { action: '', description: '', ids: {} };
  });
  assert.deepEqual(labels, ['OrderCreatedFromRecurringOrder']);
});

test('an imported order sends OrderImported, and its deletion OrderDeleted', async () => {
  const draft = {
    orderNumber: 'import-1',
    customerEmail: 'old@example.com',
    totalPrice: { currencyCode: 'EUR', centAmount: 1000 },
    customLineItems: [
      { name: { en: 'Old thing' }, slug: 'old', quantity: 1, money: { currencyCode: 'EUR', centAmount: 1000 } },
    ],
  };
  const imported = await deliveriesOf(async () => {
    const { id } = await api.post('orders/import', draft, z.object({ id: z.string() }));
    return { action: '', description: '', ids: { order: id } };
  });
  assert.deepEqual(imported.labels, ['OrderImported']);
  const deleted = await deliveriesOf(async () => {
    await api.delete(`orders/${imported.entry.ids.order}?version=1`);
    return imported.entry;
  });
  assert.deepEqual(deleted.labels, ['OrderDeleted']);
});

test('draft fields are stored: an active price, keys, a completion date', async () => {
  const value = { currencyCode: 'EUR', centAmount: 100 };
  const price = await api.post(
    'standalone-prices',
    { sku: 'draft-fields', key: 'draft-fields', value },
    z.looseObject({ active: z.boolean() }),
  );
  assert.deepEqual([price.active, price.key], [true, 'draft-fields']);
  const entry = await api.post(
    'inventory',
    { sku: 'draft-fields', key: 'draft-fields', quantityOnStock: 1 },
    z.looseObject({ id: z.string() }),
  );
  assert.equal(entry.key, 'draft-fields');
  const completedAt = '2020-01-01T00:00:00.000Z';
  const taxCategory = { typeId: 'tax-category', id: 'standard' };
  const customItem = { name: { en: 'Engraving' }, slug: 'engraving', quantity: 1, money: value, taxCategory };
  const imported = await api.post(
    'orders/import',
    { totalPrice: value, completedAt, customLineItems: [customItem] },
    z.looseObject({ id: z.string() }),
  );
  assert.equal(imported.completedAt, completedAt);
});

test('deleting a customer sends one message and one change notification', async () => {
  const { customer = '' } = (await register()).ids;
  const deleted = async () => {
    await api.delete(`customers/${customer}?version=1`);
    return { action: '', description: '', ids: {} };
  };
  assert.deepEqual((await deliveriesOf(deleted)).labels, ['CustomerDeleted', 'ResourceDeleted customer']);
});

test('unpublishing, publishing, repricing and deleting products send their messages', async () => {
  const hidden = await deliveriesOf(() => editor.unpublish(api, { product }));
  assert.deepEqual(hidden.labels, ['ProductUnpublished', 'ResourceUpdated product']);
  const shown = await deliveriesOf(() => editor.publish(api, { product }));
  assert.deepEqual(shown.labels, ['ProductPublished', 'ResourceUpdated product']);
  const repriced = await deliveriesOf(() => editor.changePrice(api, { product, factor: 1.5 }));
  assert.deepEqual(repriced.labels, [
    'ProductPriceChanged',
    'ProductPublished',
    'ResourceUpdated product',
    'ResourceUpdated product',
  ]);
  const deleted = await deliveriesOf(() => editor.deleteProduct(api, { product: idOf('product/product-3') }));
  assert.deepEqual(deleted.labels, [
    'ProductDeleted',
    'ProductUnpublished',
    'ResourceDeleted product',
    'ResourceUpdated product',
  ]);
});

test('a product created with publish sends ProductCreated and ProductPublished', async () => {
  const [category] = await api.all('categories', z.object({ id: z.string() }));
  const draft = { sku: 'brand-new', productType: idOf('product-type/clothing'), category: category?.id ?? '' };
  const { labels } = await deliveriesOf(() => editor.createProduct(api, draft));
  assert.deepEqual(labels, ['ProductCreated', 'ProductPublished', 'ResourceCreated product']);
});

test('adding and removing variants send their messages', async () => {
  const change = (action: Record<string, unknown>) =>
    deliveriesOf(async () => {
      await shopper.update(api, `products/${product}`, [action]);
      return { action: '', description: '', ids: {} };
    });
  const added = await change({ action: 'addVariant', sku: 'extra', staged: true });
  assert.ok(added.labels.includes('ProductVariantAdded'), added.labels.join());
  const removed = await change({ action: 'removeVariant', sku: 'extra', staged: true });
  assert.ok(removed.labels.includes('ProductVariantDeleted'), removed.labels.join());
});

test('a restock sends InventoryEntryQuantitySet', async () => {
  const entry = idOf(`inventory/${sku}/all`);
  const { labels } = await deliveriesOf(() => editor.restock(api, { entry, quantity: 5 }));
  assert.deepEqual(labels, ['InventoryEntryQuantitySet', 'ResourceUpdated inventory-entry']);
});

test('creating, changing and deleting inventory entries and standalone prices send their messages', async () => {
  const { labels } = await deliveriesOf(async () => {
    const versioned = z.object({ id: z.string(), version: z.number() });
    const entry = await api.post('inventory', { sku: 'fresh', quantityOnStock: 3 }, versioned);
    await api.delete(`inventory/${entry.id}?version=${entry.version}`);
    const value = { currencyCode: 'EUR', centAmount: 100 };
    const price = await api.post('standalone-prices', { sku: 'fresh', value }, versioned);
    const actions = [{ action: 'changeValue', value: { ...value, centAmount: 200 } }];
    const { version } = await api.post(`standalone-prices/${price.id}`, { version: price.version, actions }, versioned);
    await api.delete(`standalone-prices/${price.id}?version=${version}`);
    return { action: '', description: '', ids: {} };
  });
  assert.deepEqual(labels, [
    'InventoryEntryCreated',
    'InventoryEntryDeleted',
    'ResourceCreated inventory-entry',
    'ResourceDeleted inventory-entry',
    'StandalonePriceCreated',
    'StandalonePriceDeleted',
    'StandalonePriceValueChanged',
  ]);
});

test('creating a category sends a message; renaming and deleting send changes only', async () => {
  const parent = idOf('category/women');
  const created = await deliveriesOf(() => editor.createCategory(api, { name: 'Hats', slug: 'hats', parent }));
  assert.deepEqual(created.labels, ['CategoryCreated', 'ResourceCreated category']);
  const { category = '' } = created.entry.ids;
  const renamed = await deliveriesOf(() => editor.renameCategory(api, { category, name: 'Caps' }));
  assert.deepEqual(renamed.labels, ['ResourceUpdated category']);
  assert.deepEqual((await deliveriesOf(() => editor.deleteCategory(api, { category }))).labels, [
    'ResourceDeleted category',
  ]);
});

test('the ancestors of a category start at the root, also after a rename', async () => {
  const parent = idOf('category/women_clothing');
  const { category = '' } = (await editor.createCategory(api, { name: 'Deep', slug: 'deep', parent })).ids;
  await editor.renameCategory(api, { category, name: 'Deeper' });
  const { ancestors } = await api.get(
    `categories/${category}`,
    z.object({ ancestors: z.array(z.object({ id: z.string() })) }),
  );
  assert.deepEqual(
    ancestors.map(({ id }) => id),
    [idOf('category/women'), parent],
  );
});

test('shopper and editor perform the same actions for the same seed', async () => {
  const steps = async () => {
    const untilIdle = await startCommercetoolsSandbox();
    await seedShop(untilIdle, { customers: 5, orders: 5, products: 15 });
    const actors = [createShopper(connectShop(untilIdle), 3), createEditor(connectShop(untilIdle), 3)];
    const descriptions: string[] = [];
    for (let step = 0; step < 60; step += 1)
      for (const actor of actors) descriptions.push((await actor.act()).description);
    await untilIdle.stop();
    return descriptions;
  };
  const [first, second] = [await steps(), await steps()];
  assert.deepEqual(first, second);
  assert.ok(new Set(first).size >= 15, [...new Set(first)].join(', '));
});

test('a cart is left, restored as a copy, and gets an address in its checkout', async () => {
  const left = await leaveCart(api, { email: 'guest@example.com', lines: [{ sku, quantity: 2 }] });
  const restored = await restoreCart(api, { cart: left.ids.cart ?? '' });
  assert.notEqual(restored.ids.cart, left.ids.cart);
  await startCheckout(api, { cart: restored.ids.cart ?? '' });
  const addressOf = ({ ids }: JournalEntry) =>
    z
      .object({ shippingAddress: z.object({ city: z.string() }).optional() })
      .parse(sandbox.records.get('cart', ids.cart ?? '')).shippingAddress?.city;
  assert.deepEqual([addressOf(left), addressOf(restored)], [undefined, 'Leipzig']);
});

test('a shopper leaves carts only on request', async () => {
  const actionsOf = async (seed: number, options: { carts?: boolean }) => {
    const actor = createShopper(api, seed, options);
    const actions = new Set<string>();
    for (let step = 0; step < 25; step += 1) actions.add((await actor.act()).action);
    return actions;
  };
  assert.ok(!(await actionsOf(11, {})).has('leaveCart'));
  assert.ok((await actionsOf(12, { carts: true })).has('leaveCart'));
});
