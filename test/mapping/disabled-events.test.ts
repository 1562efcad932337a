/** disabledEvents: each name silences what it names in realtime, and nothing else. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { BulkResource } from '../../src/commercetools/schemas.ts';
import { type DisabledEvent, disabledEventNames } from '../../src/rules/settings.ts';
import { cart, cartLine, type Json, reference, stored } from '../fixtures/index.ts';
import {
  type CatalogShop,
  idOf,
  newCategory,
  newEntry,
  newProduct,
  referenceTo,
  startCatalogShop,
  unpublished,
} from './catalog-fixture.ts';
import { newCustomer, newOrder, newPayment } from './order-fixture.ts';

/** What happened: the record that the message is about, and the message. */
interface Happened {
  id: string;
  /** As the log names it: the type, and of what. */
  what: string;
  sendMessage(): Promise<number>;
  /** Why nothing is written, where another rule has the same trigger. */
  reason?: string;
  /** A bulk sync writes it all the same. */
  bulk?: { resource: BulkResource; id: string };
}

type Act = (shop: CatalogShop) => Promise<Happened>;

const change =
  (type: 'ResourceUpdated' | 'ResourceDeleted', make: (shop: CatalogShop) => Promise<Json>): Act =>
  async (shop) => {
    const ref = await make(shop);
    const { typeId, id } = { typeId: String(ref.typeId), id: String(ref.id) };
    return { id, what: `${type} of ${typeId}`, sendMessage: () => shop.sendChange(type, ref) };
  };

async function published(shop: CatalogShop) {
  const made = newProduct();
  await shop.publish(made);
  return made;
}

const readyState = { typeId: 'state', id: 'id-of-ready' };
const times = { createdAt: '2026-03-14T10:00:00.000Z', lastModifiedAt: '2026-03-14T10:00:00.000Z' };
const tracked = { id: 'p1', createdAt: times.createdAt, trackingData: { trackingId: 'T1' } };

const orderChange =
  (type: string, fields: Json): Act =>
  async (shop) => {
    const { id, ref, record } = newOrder(fields);
    await shop.addRecords('order', record);
    const sendMessage = () => shop.sendMessage(type, ref);
    return { id, what: `${type} of order`, sendMessage, bulk: { resource: 'orders', id } };
  };

const cartChange =
  (reason: string, fields: Json): Act =>
  async (shop) => {
    const id = randomUUID();
    await shop.addRecords('cart', cart({ id, ...fields }));
    const sendMessage = () => shop.sendChange('ResourceUpdated', reference('cart', id));
    return { id, what: 'ResourceUpdated of cart', reason, sendMessage, bulk: { resource: 'carts', id } };
  };

/** `Paid Order`, events of the own workflow and those of carts are off by default. */
const order = { metrics: { paidOrder: 'Paid Order' }, workflow: { ready: { metric: 'Ready for Pickup' } } };
const carts = { enabled: true, watch: 'subscription', startedCheckout: { when: ['frozen'] } };

/** For each name something that happens, and would be written were it not disabled. */
const acts: Record<Exclude<DisabledEvent, 'CustomerCompanyNameSet'>, Act> = {
  async CustomerCreated(shop) {
    const { id, ref, record } = newCustomer();
    await shop.addRecords('customer', record);
    const sendMessage = () => shop.sendMessage('CustomerCreated', ref, { customer: record });
    return { id, what: 'CustomerCreated of customer', sendMessage, bulk: { resource: 'customers', id } };
  },
  CustomerResourceUpdated: change('ResourceUpdated', async (shop) => {
    const { ref, record } = newCustomer();
    await shop.addRecords('customer', record);
    return ref;
  }),
  async OrderCreated(shop) {
    const { id, ref, record } = newOrder();
    await shop.addRecords('order', record);
    const sendMessage = () => shop.sendMessage('OrderCreated', ref, { order: record });
    return { id, what: 'OrderCreated of order', sendMessage, bulk: { resource: 'orders', id } };
  },
  async OrderStateChanged(shop) {
    const { id, ref, record } = newOrder({ orderState: 'Cancelled' });
    await shop.addRecords('order', record);
    const sendMessage = () => shop.sendMessage('OrderStateChanged', ref, { orderState: 'Cancelled' });
    return { id, what: 'OrderStateChanged of order', sendMessage, bulk: { resource: 'orders', id } };
  },
  OrderShipment: orderChange('DeliveryAdded', {
    shippingInfo: {
      deliveries: [{ id: 'd1', createdAt: times.createdAt, items: [{ id: 'none', quantity: 1 }], parcels: [tracked] }],
    },
  }),
  OrderDelivered: orderChange('OrderShipmentStateChanged', { shipmentState: 'Delivered' }),
  OrderPaid: orderChange('OrderPaymentStateChanged', { paymentState: 'Paid' }),
  OrderReturn: orderChange('ReturnInfoAdded', {
    returnInfo: [{ items: [{ id: 'r1', quantity: 1, shipmentState: 'Advised', ...times }] }],
  }),
  CartAddedTo: cartChange('the checkout has not started (carts.startedCheckout.when)', {}),
  CartCheckoutStarted: cartChange('a line item does not say when it was added', {
    cartState: 'Frozen',
    lineItems: [cartLine({ addedAt: undefined })],
  }),
  async OrderWorkflow(shop) {
    await shop.addRecords('state', { ...stored(readyState.id), key: 'ready' });
    return orderChange('OrderStateTransition', { state: readyState })(shop);
  },
  async OrderRefunded(shop) {
    const payment = newPayment();
    const order = newOrder({ paymentInfo: { payments: [payment.ref] } });
    await shop.addRecords('payment', payment.record);
    await shop.addRecords('order', order.record);
    const sendMessage = () => shop.sendMessage('PaymentTransactionAdded', payment.ref);
    const bulk = { resource: 'orders' as const, id: order.id };
    return { id: payment.id, what: 'PaymentTransactionAdded of payment', sendMessage, bulk };
  },
  async CategoryCreated(shop) {
    const women = newCategory('Women');
    await shop.addRecords('category', women);
    const sendMessage = () => shop.sendMessage('CategoryCreated', referenceTo(women), { category: women });
    const bulk = { resource: 'categories' as const, id: idOf(women) };
    return { id: idOf(women), what: 'CategoryCreated of category', sendMessage, bulk };
  },
  CategoryResourceUpdated: change('ResourceUpdated', async (shop) => {
    const women = newCategory('Women');
    await shop.addRecords('category', women);
    return referenceTo(women);
  }),
  CategoryResourceDeleted: change('ResourceDeleted', async (shop) => {
    const women = newCategory('Women');
    await shop.addRecords('category', women);
    await shop.sendMessage('CategoryCreated', referenceTo(women), { category: women });
    shop.testEnv.shop.records.remove('category', idOf(women));
    return referenceTo(women);
  }),
  async ProductPublished(shop) {
    const { id, record } = newProduct();
    await shop.addRecords('product', record);
    const sendMessage = () => shop.sendMessage('ProductPublished', reference('product', id));
    return { id, what: 'ProductPublished of product', sendMessage, bulk: { resource: 'products', id } };
  },
  async ProductUnpublished(shop) {
    const made = await published(shop);
    await shop.addRecords('product', unpublished(made).record);
    const sendMessage = () => shop.sendMessage('ProductUnpublished', reference('product', made.id));
    return {
      id: made.id,
      what: 'ProductUnpublished of product',
      sendMessage,
      bulk: { resource: 'products', id: made.id },
    };
  },
  ProductResourceDeleted: change('ResourceDeleted', async (shop) => {
    const { id } = await published(shop);
    shop.testEnv.shop.records.remove('product', id);
    return reference('product', id);
  }),
  InventoryResourceUpdated: change('ResourceUpdated', async (shop) => {
    const { sku } = await published(shop);
    const entry = newEntry(sku, 7);
    await shop.addRecords('inventory-entry', entry);
    return referenceTo(entry, 'inventory-entry');
  }),
};

/** What has to be in Klaviyo before: without a publication there is nothing to take away. */
const needs: Record<string, DisabledEvent[]> = {
  ProductUnpublished: ['ProductPublished'],
  ProductResourceDeleted: ['ProductPublished'],
  InventoryResourceUpdated: ['ProductPublished'],
  CategoryResourceDeleted: ['CategoryCreated'],
};

let all: CatalogShop;
before(async () => {
  all = await startCatalogShop({ settings: { order, carts } });
});
after(() => all.stop());

for (const name of disabledEventNames) {
  if (name === 'CustomerCompanyNameSet') continue;

  describe(name, () => {
    let silent: CatalogShop;
    before(async () => {
      silent = await startCatalogShop({ settings: { order, carts, disabledEvents: [` ${name} `] } });
    });
    after(() => silent.stop());

    test('wanted: it is written', async () => {
      const { sendMessage } = await acts[name](all);
      const before = await all.writes();
      assert.equal(await sendMessage(), 204);
      assert.ok((await all.writes()) > before);
    });

    test('disabled: nothing is written in realtime, with the reason; a bulk sync does it all the same', async () => {
      const { id, what, reason, sendMessage, bulk } = await acts[name](silent);
      const before = await silent.writes();
      assert.equal(await sendMessage(), 204);
      assert.equal(await silent.writes(), before);
      assert.deepEqual(silent.reasons(id).slice(-1), [reason ?? `no rule is triggered by ${what}`]);
      if (!bulk) return;
      const run = await silent.testEnv.sync(bulk.resource, { ids: [bulk.id] });
      assert.equal(run.state, 'completed');
      assert.ok((await silent.writes()) > before);
    });

    test('every other name disabled: it is written', async () => {
      const wanted = [name, ...(needs[name] ?? [])];
      const disabledEvents = disabledEventNames.filter((other) => !wanted.includes(other));
      await using alone = await startCatalogShop({ settings: { order, carts, disabledEvents } });
      const { sendMessage } = await acts[name](alone);
      const before = await alone.writes();
      assert.equal(await sendMessage(), 204);
      assert.ok((await alone.writes()) > before);
    });
  });
}

test('ProductPublished silences the messages of prices too', async () => {
  await using shop = await startCatalogShop({ settings: { disabledEvents: ['ProductPublished'] } });
  const { id, record } = newProduct();
  await shop.addRecords('product', record);
  assert.equal(await shop.sendMessage('ProductPriceChanged', reference('product', id), { staged: false }), 204);
  assert.deepEqual(await shop.items(), []);
});

test('CustomerCompanyNameSet is accepted without effect: customers are created and updated as ever', async () => {
  await using shop = await startCatalogShop({ settings: { disabledEvents: ['CustomerCompanyNameSet'] } });
  for (const name of ['CustomerCreated', 'CustomerResourceUpdated'] as const) {
    const { sendMessage } = await acts[name](shop);
    assert.equal(await sendMessage(), 204);
  }
  assert.equal((await shop.testEnv.profiles()).length, 2);
});
