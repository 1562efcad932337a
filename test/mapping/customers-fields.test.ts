/** `customer.fields`: names of groups and stores on the profile, in realtime, in bulk, after a group was renamed, and explained. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { explainedSchema } from '../../src/engine/explain/schema.ts';
import { id, type Json, reference, stored } from '../fixtures/index.ts';
import { newCustomer, type OrderShop, startOrderShop } from './order-fixture.ts';

const fields = { customerGroup: 'Customer Group', customerGroups: 'Customer Groups', stores: 'Stores' };
const options = { settings: { customer: { fields } } };
const group = (end: string, name: string): Json => ({ ...stored(id(end)), name });
const member: Json = {
  customerGroup: reference('customer-group', id('91')),
  customerGroupAssignments: [{ customerGroup: reference('customer-group', id('92')) }],
  stores: [{ typeId: 'store', key: 'berlin' }],
  custom: undefined,
};
const named = { 'Customer Group': 'VIP', 'Customer Groups': ['VIP', 'Staff'], Stores: ['Store Berlin'] };

async function withGroups(shop: OrderShop): Promise<OrderShop> {
  await shop.testEnv.addRecords('customer-group', group('91', 'VIP'), group('92', 'Staff'));
  await shop.testEnv.addRecords('store', { ...stored(id('51')), key: 'berlin', name: { en: 'Store Berlin' } });
  return shop;
}

async function created(shop: OrderShop, overrides: Json = {}) {
  const customer = newCustomer({ ...member, ...overrides });
  await shop.addRecords(customer);
  assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
  return customer;
}

test('a customer with two groups and a store has their names, by a message, by a sync, and explained', async () => {
  await using shop = await withGroups(await startOrderShop(options));
  const customer = await created(shop);
  assert.deepEqual((await shop.profile(customer.email)).properties, named);
  const synced = newCustomer(member);
  await shop.addRecords(synced);
  assert.equal((await shop.sync('customers', [synced])).state, 'completed');
  assert.deepEqual((await shop.profile(synced.email)).properties, named);

  const answer = await fetch(`${shop.testEnv.service}/explain/customer/${customer.id}`);
  const { rules } = explainedSchema.parse(await answer.json());
  const values = rules.find(({ rule }) => rule === 'profile')?.changes[0]?.values ?? [];
  const fromOf = (path: string) => values.find((value) => value.path === path)?.from[0];
  assert.equal(fromOf('profile.properties.Customer Group'), `name of customer-group ${id('91')}: name`);
  assert.equal(fromOf('profile.properties.Stores.0'), 'store berlin: name.en');
});

test('names are looked up together, and kept for a minute', async () => {
  await using shop = await withGroups(await startOrderShop(options));
  const reads = await shop.injectFault({ path: '^/[^/]+/customer-groups', kind: 'delay', ms: 1, times: 1_000 });
  await Promise.all(Array.from({ length: 20 }, () => created(shop)));
  await created(shop);
  const queries = await reads.matchCount();
  assert.ok(queries >= 1 && queries < 10, `${queries} queries`);
});

test('without view_stores the key is sent, with one warning', async () => {
  const scopes = ['view_customers', 'view_orders', 'view_products', 'view_categories', 'manage_key_value_documents'];
  await using shop = await withGroups(await startOrderShop({ ...options, commercetools: { scopes } }));
  const stores = ['berlin', 'paris'].map((key) => ({ typeId: 'store', key }));
  const customer = await created(shop, { stores });
  assert.deepEqual((await shop.profile(customer.email)).properties, { ...named, Stores: ['berlin', 'paris'] });
  assert.deepEqual(shop.warnings(customer), ['without view_stores the key of a store is sent instead of its name']);
});

test('an associate of business units has their names, looked up together; without the scope none, and one warning', async () => {
  const settings = { customer: { fields: { businessUnits: 'Business Units' } } };
  const scopes = ['view_customers', 'view_business_units', 'manage_key_value_documents'];
  for (const [granted, names] of [
    [scopes, ['Acme', 'Works']],
    [scopes.filter((scope) => scope !== 'view_business_units'), undefined],
  ] as const) {
    await using shop = await startOrderShop({ settings, commercetools: { scopes: [...granted] } });
    const reads = await shop.injectFault({ path: '^/[^/]+/business-units', kind: 'delay', ms: 1, times: 1_000 });
    const customers = Array.from({ length: 5 }, () => newCustomer({ custom: undefined }));
    const associates = customers.map(({ ref }) => ({ associateRoleAssignments: [], customer: ref }));
    const unit = (end: string, name: string): Json => ({ ...stored(id(end)), key: name, name, associates });
    await shop.testEnv.addRecords('business-unit', unit('61', 'Works'), unit('62', 'Acme'));
    for (const customer of customers) await shop.addRecords(customer);
    assert.equal((await shop.sync('customers', customers)).state, 'completed');
    for (const customer of customers) {
      const { properties } = await shop.profile(customer.email);
      assert.deepEqual(properties, names === undefined ? {} : { 'Business Units': names });
    }
    assert.equal(await reads.matchCount(), 1);
    if (names === undefined)
      assert.deepEqual(shop.warnings(customers[0] ?? assert.fail()), [
        'without view_business_units no names of business units are sent',
      ]);
  }
});

test('a renamed group is sent again with its customers', async () => {
  await using shop = await withGroups(await startOrderShop(options));
  const [first, second, other] = [
    await created(shop),
    await created(shop, {
      customerGroup: undefined,
      customerGroupAssignments: [{ customerGroup: reference('customer-group', id('91')) }],
    }),
    await created(shop, { customerGroup: undefined }),
  ];
  await shop.testEnv.addRecords('customer-group', { ...group('91', 'Gold'), version: 9 });
  const before = (await shop.profile(other.email)).properties;
  assert.equal(await shop.sendChange('ResourceUpdated', reference('customer-group', id('91'))), 204);
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await shop.profile(second.email)).properties['Customer Group'] !== undefined) break;
    const groups = (await shop.profile(second.email)).properties['Customer Groups'];
    if (Array.isArray(groups) && groups.includes('Gold')) break;
    await sleep(50);
  }
  assert.deepEqual((await shop.profile(first.email)).properties['Customer Groups'], ['Gold', 'Staff']);
  assert.deepEqual((await shop.profile(second.email)).properties['Customer Groups'], ['Gold']);
  assert.deepEqual((await shop.profile(other.email)).properties, before);
});
