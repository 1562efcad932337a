/** Tests of every variant of the behaviours that the reference of commercetools leaves open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { connectShop, type ShopApi } from '../shop/actors/shop-api.ts';
import { customer, lineItem } from '../shop/seed/builders.ts';
import { inventoryEntry } from '../shop/seed/catalog-builders.ts';
import { type CommercetoolsBehaviours, commercetoolsVariants } from './behaviours.ts';
import { type PushReceiver, startPushReceiver } from './push-receiver.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';

interface Shop {
  readonly api: ShopApi;
  readonly sandbox: CommercetoolsSandbox;
}

/** Declares a test of each variant of one switch; the other switches keep their defaults. */
function eachVariant<Name extends keyof CommercetoolsBehaviours>(
  name: Name,
  check: (shop: Shop, variant: (typeof commercetoolsVariants)[Name][number]) => Promise<void>,
): void {
  for (const variant of commercetoolsVariants[name]) {
    test(`${name}: ${variant}`, async (t) => {
      const sandbox = await startCommercetoolsSandbox({ [name]: variant, record: false });
      t.after(() => sandbox.stop());
      await check({ sandbox, api: connectShop(sandbox) }, variant);
    });
  }
}

const destination = { type: 'SQS', queueUrl: 'https://sqs.example/queue', region: 'eu-central-1' };
const messages = [{ resourceTypeId: 'order' }];
const changes = [{ resourceTypeId: 'customer' }];
const errorSchema = z.object({ message: z.string(), errors: z.array(z.object({ code: z.string() })) });
const versionSchema = z.object({ id: z.string(), version: z.number() });

function save(api: ShopApi, fields: object) {
  return api.request('POST', 'custom-objects', { container: 'state', key: 'lock', value: {}, ...fields });
}

async function ids(api: ShopApi, resource: string, query: Record<string, string | string[]> = {}): Promise<string[]> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) for (const text of [value].flat()) search.append(name, text);
  const page = await api.get(`${resource}?${search}`, z.object({ results: z.array(z.object({ id: z.string() })) }));
  return page.results.map(({ id }) => id);
}

eachVariant('versionZero', async ({ api }, variant) => {
  await save(api, {});
  assert.equal((await save(api, { version: 0 })).status, variant === 'conflict' ? 409 : 200);
});

eachVariant('versionZeroOfAbsent', async ({ api }, variant) => {
  const statuses = { creates: 201, conflict: 409, invalid: 400 };
  assert.equal((await save(api, { version: 0 })).status, statuses[variant]);
  // Whatever becomes of version 0, an object can be created without a version, and is then guarded by its own.
  assert.equal((await save(api, {})).status, variant === 'creates' ? 200 : 201);
  assert.equal((await save(api, { version: 0 })).status, 409);
});

eachVariant('lowercaseEmail', async ({ api, sandbox }, variant) => {
  await sandbox.place('customer', [customer({ id: 'a', email: 'Ada@Example.com' })]);
  const where = 'lowercaseEmail in ("ada@example.com")';
  if (variant === 'queryable') return assert.deepEqual(await ids(api, 'customers', { where }), ['a']);
  const { status, body } = await api.request('GET', `customers?${new URLSearchParams({ where })}`);
  assert.equal(status, 400);
  assert.match(errorSchema.parse(body).message, /'lowercaseEmail'/);
});

/**
 * Writes, then queries until the write shows. Without a lag it has to show at once; otherwise no sooner than the lag after
 * the write was sent, and until then queries show what was before.
 */
async function checkLag<T>(
  lagMs: number,
  { write, query, old, expected }: { write: () => Promise<unknown>; query: () => Promise<T>; old: T; expected: T },
): Promise<void> {
  const sentAt = performance.now();
  await write();
  let shown = await query();
  while (lagMs > 0 && !isDeepStrictEqual(shown, expected)) {
    assert.deepEqual(shown, old);
    await pause(5);
    shown = await query();
  }
  assert.deepEqual(shown, expected);
  assert.ok(performance.now() - sentAt >= lagMs);
}

eachVariant('queryLagMs', async ({ api, sandbox }, lagMs) => {
  await sandbox.place('customer', [customer({ id: 'a', version: 1, firstName: 'Ada' })]);
  const rename = async () => {
    const update = { version: 1, actions: [{ action: 'setFirstName', firstName: 'Eve' }] };
    const { version } = await api.post('customers/a', update, versionSchema);
    assert.equal((await api.get('customers/a', versionSchema)).version, version);
  };
  const named = (firstName: string) => ids(api, 'customers', { where: `firstName = "${firstName}"` });
  await checkLag(lagMs, { write: rename, query: () => named('Ada'), old: ['a'], expected: [] });
  assert.deepEqual(await named('Eve'), ['a']);
  const create = async () => {
    const { id } = await api.post('inventory', { sku: 'new', quantityOnStock: 1 }, versionSchema);
    assert.equal((await api.get(`inventory/${id}`, versionSchema)).id, id);
  };
  const count = async () => (await ids(api, 'inventory')).length;
  await checkLag(lagMs, { write: create, query: count, old: 0, expected: 1 });
  const { version } = await api.get('customers/a', versionSchema);
  const remove = () => api.delete(`customers/a?version=${version}`);
  await checkLag(lagMs, { write: remove, query: () => ids(api, 'customers'), old: ['a'], expected: [] });
});

eachVariant('repeatedWhere', async ({ api, sandbox }, variant) => {
  await sandbox.place('customer', [customer({ id: 'a' }), customer({ id: 'b' }), customer({ id: 'c' })]);
  const where = ['id in ("a", "b")', 'id > "a"'];
  assert.deepEqual(await ids(api, 'customers', { where }), variant === 'and' ? ['b'] : ['b', 'c']);
});

eachVariant('failingSubscriptionCreations', async ({ api }, failing) => {
  const create = () => api.request('POST', 'subscriptions', { destination, messages });
  for (let attempt = 1; attempt <= failing; attempt += 1) {
    const { status, body } = await create();
    assert.equal(status, 400);
    assert.match(errorSchema.parse(body).message, /could not be delivered/);
  }
  assert.equal((await create()).status, 201);
});

eachVariant('emptyListInDraft', async ({ api }, variant) => {
  const { status, body } = await api.request('POST', 'subscriptions', { destination, messages, changes: [] });
  assert.equal(status, variant === 'accepted' ? 201 : 400);
  if (variant === 'refused') assert.match(errorSchema.parse(body).message, /'changes'/);
  assert.equal((await api.request('POST', 'subscriptions', { destination, messages })).status, 201);
});

eachVariant('emptySubscriptionCheck', async ({ api }, variant) => {
  const { id, version } = await api.post('subscriptions', { destination, messages }, versionSchema);
  const empty = { action: 'setMessages', messages: [] };
  const fill = { action: 'setChanges', changes };
  const update = (...actions: object[]) => api.request('POST', `subscriptions/${id}`, { version, actions });
  assert.equal((await update(empty)).status, 400);
  if (variant === 'after-each-action') assert.equal((await update(empty, fill)).status, 400);
  const order = variant === 'after-each-action' ? [fill, empty] : [empty, fill];
  assert.equal((await update(...order)).status, 200);
});

eachVariant('inventedIdBound', async ({ api, sandbox }, variant) => {
  const [first = '', second = ''] = ['1d9e4a52-7f4d-4c7e-9a53-0c2f6a1b7e11', '9b2f6c1e-3a4d-4f58-8e21-5d7c9a0b3f42'];
  await sandbox.place('customer', [customer({ id: first, version: 1 }), customer({ id: second })]);
  const where = (bound: string, sign: string) => ({ where: `id ${sign} :bound`, 'var.bound': bound });
  await api.delete(`customers/${first}?version=1`);
  // A position that a deleted record had stays valid: a keyset pagination may stand there.
  assert.deepEqual(await ids(api, 'customers', where(first, '>')), [second]);
  const invented = '40000000-0000-0000-0000-000000000000';
  assert.deepEqual(await ids(api, 'customers', { where: `id = "${invented}"` }), []);
  for (const sign of ['>=', '>', '<', '<=']) {
    const path = `customers?${new URLSearchParams(where(invented, sign))}`;
    assert.equal((await api.request('GET', path)).status, variant === 'accepted' ? 200 : 400, sign);
  }
});

async function subscribeToStock({ api, sandbox }: Shop, receiver: PushReceiver): Promise<void> {
  await fetch(`${sandbox.url}/sandbox/pubsub/topics/cloud/stock`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ pushEndpoint: receiver.url }),
  });
  const topic = { type: 'GoogleCloudPubSub', projectId: 'cloud', topic: 'stock' };
  const draft = { destination: topic, changes: [{ resourceTypeId: 'inventory-entry' }] };
  await api.post('subscriptions', draft, versionSchema);
}

/** Orders two of the SKU `s` from a cart that takes stock. */
async function orderWithStock({ api, sandbox }: Shop): Promise<{ createdAt: string }> {
  const now = new Date().toISOString();
  const item = lineItem({ quantity: 2, variant: { id: 1, sku: 's' } });
  const money = { type: 'centPrecision', currencyCode: 'EUR', centAmount: 1, fractionDigits: 2 };
  const cart = {
    ...{ id: 'cart', version: 1, createdAt: now, lastModifiedAt: now },
    ...{ cartState: 'Active', inventoryMode: 'TrackOnly', totalPrice: money, lineItems: [item] },
    ...{ customLineItems: [], refusedGifts: [], shipping: [], shippingMode: 'Single' },
  };
  await sandbox.place('cart', [cart]);
  const draft = { cart: { typeId: 'cart', id: 'cart' }, version: 1 };
  return api.post('orders', draft, z.object({ createdAt: z.string() }));
}

eachVariant('stockDelayMs', async (shop, delayMs) => {
  const { api, sandbox } = shop;
  const receiver = await startPushReceiver();
  try {
    await subscribeToStock(shop, receiver);
    await sandbox.place('inventory-entry', [inventoryEntry({ id: 'i', sku: 's', availableQuantity: 5 })]);
    const shape = z.object({ availableQuantity: z.number(), lastModifiedAt: z.string() });
    const { createdAt } = await orderWithStock(shop);
    if (delayMs > 0) while (sandbox.pending() > 0) await pause(5);
    const { availableQuantity, lastModifiedAt } = await api.get('inventory/i', shape);
    assert.equal(availableQuantity, 3);
    // Timers may fire a millisecond early.
    assert.ok(Date.parse(lastModifiedAt) - Date.parse(createdAt) >= delayMs - 1);
    while (sandbox.pending() > 0) await pause(5);
    assert.deepEqual(receiver.labels(), ['ResourceUpdated inventory-entry']);
  } finally {
    await receiver.stop();
  }
});
