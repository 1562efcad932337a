/** `ctk check`: what is missing, named with what it is needed for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectShop } from '../../sandbox/shop/actors/shop-api.ts';
import { newEntry, newProduct } from '../mapping/catalog-fixture.ts';
import { startTestEnv, type TestEnvOptions } from '../test-env.ts';
import { ctkInProcess as ctk } from './in-process.ts';

async function checked(options: TestEnvOptions = {}, env: Record<string, string> = {}) {
  await using testEnv = await startTestEnv(options);
  const before = testEnv.klaviyo.state();
  const ended = await ctk(['check'], { ...testEnv.env, ...env });
  const after = testEnv.klaviyo.state();
  assert.deepEqual(
    [after.profiles, after.events, after.categories],
    [before.profiles, before.events, before.categories],
  );
  return ended;
}

const topic = 'projects/cloud/topics/commercetools';

test('all is there but subscriptions: every scope is ok, and that nothing delivers messages is a problem', async () => {
  const { code, out, err } = await checked();
  assert.deepEqual([code, err], [1, '']);
  const problems = out.split('\n').filter((line) => line.startsWith('problem'));
  assert.equal(problems.length, 1);
  assert.match(
    problems[0] ?? '',
    /subscriptions: realtime is on, and there is no subscription for .*order \(.*OrderCreated.*--fix/,
  );
  assert.match(out, /^Not ready: one problem, \d+ ok, \d+ to look at\.$/m);
  for (const scope of ['view_orders', 'view_customers', 'view_payments', 'view_products', 'view_categories'])
    assert.match(out, new RegExp(`^ok +commercetools scope ${scope}:shop`, 'm'));
  for (const scope of ['profiles:read', 'profiles:write', 'events:write', 'catalogs:read', 'catalogs:write'])
    assert.match(out, new RegExp(`^ok +Klaviyo scope ${scope}`, 'm'));
});

test('--fix creates the subscriptions at the destination; then all is ready, exit code 0', async () => {
  await using testEnv = await startTestEnv();
  testEnv.shop.pubsub.bind(topic, { pushEndpoint: `${testEnv.service}/` });
  const { code, out, err } = await ctk(['check', '--fix', '--pubsub', topic], testEnv.env);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^\+ created ctk-default-order/m);
  assert.match(out, /^Ready: no problem/m);
  const lines = out.split('\n').filter((line) => line.trim() !== '');
  assert.equal(new Set(lines).size, lines.length, 'each finding once');
});

test('a supply channel that does not exist, and stock that no setting chooses, are named', async () => {
  const settings = { product: { inventory: { useChannelInventory: 'nowhere' } } };
  await using testEnv = await startTestEnv({ settings });
  await testEnv.addRecords('inventory-entry', newEntry('a', 0), newEntry('a', 5, 'berlin'), newEntry('b', 1));
  const { out } = await ctk(['check'], testEnv.env);
  assert.match(out, /^warning +stock: .*names nowhere, which is no channel/m);
  assert.match(out, /^warning +stock: .*has entries of 0 of 2 skus/m);
  assert.match(out, /^warning +stock: the entry without channel is 0 for 1 of 2 skus/m);
});

test('without realtime nothing has to deliver messages', async () => {
  const { code, out } = await checked({}, { APP_TYPE: 'BULK_IMPORT' });
  assert.equal(code, 0);
  assert.match(out, /^Ready: no problem/m);
});

test("scopes that Klaviyo's key lacks are named with what they are needed for, exit code 1", async () => {
  const { code, out } = await checked({ klaviyo: { missingScopes: ['events:write', 'catalogs:read'] } });
  assert.equal(code, 1);
  assert.match(out, /^problem +Klaviyo scope events:write: needed for: order events/m);
  assert.match(out, /^problem +Klaviyo scope catalogs:read: needed for: compares items, variants and categories/m);
  assert.match(out, /^ok +Klaviyo scope profiles:write/m);
});

test('scopes that make syncs fast are recommended: a warning, exit code 0', async () => {
  const missingScopes = ['lists:read', 'lists:write', 'events:read', 'metrics:read'];
  const { code, out } = await checked({ klaviyo: { missingScopes } }, { APP_TYPE: 'BULK_IMPORT' });
  assert.equal(code, 0);
  for (const scope of missingScopes)
    assert.match(out, new RegExp(`^warning +Klaviyo scope ${scope}: needed for: `, 'm'));
});

test('scopes that the commercetools client lacks: problems, or warnings where the rest works without', async () => {
  const { code, out } = await checked({
    commercetools: { scopes: ['view_orders', 'view_products', 'view_categories'] },
  });
  assert.equal(code, 1);
  assert.match(out, /^problem +commercetools scope view_customers:shop: needed for profiles/m);
  assert.match(out, /^problem +commercetools scope view_payments:shop: needed for refunds/m);
  assert.match(out, /^warning +commercetools scope view_discount_codes:shop/m);
  assert.match(out, /^ok +commercetools scope view_orders:shop/m);
});

test('view_states is needed only for events of order.workflow', async () => {
  const commercetools = { scopes: ['view_orders', 'view_products'] };
  assert.doesNotMatch((await checked({ commercetools })).out, /view_states/);
  const settings = { order: { workflow: { ready: { metric: 'Ready for Pickup' } } } };
  const { out } = await checked({ commercetools, settings });
  assert.match(out, /^problem +commercetools scope view_states:shop: needed for events of order.workflow/m);
});

test("what the open-source plugin's subscription lacks is listed, and the subscription left alone", async () => {
  await using testEnv = await startTestEnv();
  const topic = { projectId: 'cloud', topic: 'commercetools' };
  testEnv.shop.pubsub.bind('projects/cloud/topics/commercetools', { pushEndpoint: `${testEnv.service}/` });
  const shop = connectShop(testEnv.shop);
  await shop.request('POST', 'subscriptions', {
    key: 'connect-prod-order',
    destination: { type: 'GoogleCloudPubSub', ...topic },
    messages: [{ resourceTypeId: 'order', types: ['OrderCreated', 'OrderStateChanged'] }],
  });
  const before = await shop.request('GET', 'subscriptions');
  const { code, out } = await ctk(['check'], testEnv.env);
  assert.equal(code, 0);
  const [line = ''] = /^warning +subscription for order: .*$/m.exec(out) ?? [];
  assert.match(line, /no subscription for .*OrderCustomerSet.*ctk subscriptions plan/);
  assert.doesNotMatch(line, /OrderCreated,|OrderStateChanged/);
  assert.deepEqual(await shop.request('GET', 'subscriptions'), before);
});

test('a wrong project is named with the variable to check, exit code 1', async () => {
  const { code, out } = await checked({}, { CT_PROJECT_ID: 'another-shop' });
  assert.equal(code, 1);
  assert.match(out, /^problem +commercetools.*another-shop.*CT_PROJECT_ID/m);
});

test('scopes that are requested but not granted are reported with their variable', async () => {
  const { code, out } = await checked(
    { commercetools: { scopes: ['view_orders'] } },
    { CT_SCOPES: 'view_customers:shop' },
  );
  assert.equal(code, 1);
  assert.match(out, /^problem +commercetools.*CT_SCOPES/m);
});

test('an unauthorized client: the secret, or the auth host of another region', async () => {
  const { code, out } = await checked({}, { CT_API_CLIENT: '{"clientId":"sandbox-client","secret":"other"}' });
  assert.equal(code, 1);
  assert.match(out, /^problem +commercetools client: refused by .*CT_API_CLIENT.*CT_AUTH_URL.*region/m);
});

test('a wrong region: an API without the project, or an unreachable one', async () => {
  await using elsewhere = await startTestEnv({ commercetools: { projectKey: 'another-shop' } });
  const { code, out } = await checked({}, { CT_API_URL: elsewhere.shop.url });
  assert.equal(code, 1);
  assert.match(out, /^problem +commercetools.*CT_API_URL/m);
  const nobody = await checked({}, { CT_API_URL: 'http://127.0.0.1:9' });
  assert.equal(nobody.code, 1);
  assert.match(nobody.out, /^problem +commercetools: .*CT_API_URL/m);
});

test('a key that Klaviyo refuses, and a Klaviyo that is not there', async () => {
  const refused = await checked({}, { KLAVIYO_AUTH_KEY: 'pk_other' });
  assert.equal(refused.code, 1);
  assert.match(refused.out, /^problem +Klaviyo key: .*refuses it: check KLAVIYO_AUTH_KEY/m);
  assert.doesNotMatch(refused.out, /pk_other/);
  const gone = await checked({}, { KLAVIYO_API_URL: 'http://127.0.0.1:9' });
  assert.equal(gone.code, 1);
  assert.match(gone.out, /^problem +Klaviyo: .*check KLAVIYO_API_URL/m);
});

test('variants without inventory, for which no back-in-stock message is sent, are counted', async () => {
  await using testEnv = await startTestEnv();
  const made = newProduct();
  await testEnv.addRecords('product', made.record);
  await testEnv.sync('products');
  assert.match((await ctk(['check'], testEnv.env)).out, /^warning +back in stock: 0 of 2 variants carry inventory/m);
  await testEnv.addRecords('inventory-entry', newEntry(made.sku, 0));
  await testEnv.sync('products');
  assert.match((await ctk(['check'], testEnv.env)).out, /^ok +back in stock: 1 of 2 variants carry inventory/m);
});

test('carts: a link that is missing, a secret that is missing, and a subscription that is missing are named', async () => {
  const url = 'https://shop.example/{{token}}';
  const { out } = await checked({ settings: { carts: { enabled: true, watch: 'subscription', url } } });
  assert.match(out, /^warning +settings: .*CART_LINK_SECRET is not set/m);
  assert.match(out, /^problem +subscriptions: .*no subscription for cart \(changes\)/m);
  await using testEnv = await startTestEnv({ settings: { carts: { enabled: true } } });
  testEnv.shop.pubsub.bind(topic, { pushEndpoint: `${testEnv.service}/` });
  const { out: polled } = await ctk(['check', '--fix', '--pubsub', topic], testEnv.env);
  assert.match(polled, /^warning +settings: .*carts.url is empty/m);
  assert.doesNotMatch(polled, /ctk-default-cart/);
  const subscribed = JSON.stringify({ carts: { enabled: true, watch: 'subscription', url } });
  const { out: lacking } = await ctk(['check'], { ...testEnv.env, NODE_CONFIG: subscribed });
  assert.match(lacking, /^warning +subscription for cart: .*no subscription for changes/m);
});
