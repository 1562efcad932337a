/**
 * Tests of the sandbox with commercetools' own SDK: what it sends is accepted, and what it reads has the shape that its
 * types promise. Good requests count for the contract check; bad ones go to a sandbox of their own.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ByProjectKeyRequestBuilder, createApiBuilderFromCtpClient } from '@commercetools/platform-sdk';
import { ClientBuilder } from '@commercetools/ts-client';
import { z } from 'zod';
import { seedShop } from '../shop/seed/seed.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';

let sandboxes: CommercetoolsSandbox[];
let sdk: ByProjectKeyRequestBuilder;
/** For requests that are refused. */
let refusing: ByProjectKeyRequestBuilder;

before(async () => {
  sandboxes = await Promise.all([startCommercetoolsSandbox(), startCommercetoolsSandbox({ record: false })]);
  for (const sandbox of sandboxes) await seedShop(sandbox, { customers: 12, orders: 8, products: 8 });
  const [good, bad] = sandboxes.map(connect);
  assert.ok(good && bad);
  sdk = good;
  refusing = bad;
});
after(async () => {
  for (const sandbox of sandboxes) await sandbox.stop();
});

function connect({
  url,
  authUrl,
  projectKey,
  clientId,
  clientSecret,
}: CommercetoolsSandbox): ByProjectKeyRequestBuilder {
  const credentials = { clientId, clientSecret };
  const client = new ClientBuilder()
    .withClientCredentialsFlow({ host: authUrl, projectKey, credentials, httpClient: fetch })
    .withHttpMiddleware({ host: url, httpClient: fetch })
    .build();
  return createApiBuilderFromCtpClient(client).withProjectKey({ projectKey });
}

const errorSchema = z.looseObject({
  statusCode: z.number(),
  body: z.object({
    statusCode: z.number(),
    message: z.string(),
    errors: z.array(z.looseObject({ code: z.string(), message: z.string() })).min(1),
  }),
});

/** Returns the status and the code of the error that a request fails with. */
async function errorOf(request: { execute(): Promise<unknown> }): Promise<[status: number, code: string | undefined]> {
  const thrown: unknown = await request.execute().then(
    () => assert.fail('the request succeeded'),
    (error: unknown) => error,
  );
  const { statusCode, body } = errorSchema.parse(thrown);
  assert.equal(body.statusCode, statusCode);
  return [statusCode, body.errors[0]?.code];
}

test('project', async () => {
  const { body } = await sdk.get().execute();
  assert.equal(body.key, 'shop');
});

test('customers: create, get, query, update and delete', async () => {
  const draft = {
    email: 'Ada@Example.com',
    key: 'ada',
    password: 'secret',
    addresses: [{ country: 'DE', city: 'Berlin' }],
  };
  const { statusCode, body } = await sdk.customers().post({ body: draft }).execute();
  assert.equal(statusCode, 201);
  const { customer } = body;
  // E-mail addresses are compared without case; the engine stores them in lower case.
  assert.deepEqual([customer.email.toLowerCase(), customer.addresses[0]?.city], ['ada@example.com', 'Berlin']);
  const byId = await sdk.customers().withId({ ID: customer.id }).get().execute();
  const byKey = await sdk.customers().withKey({ key: 'ada' }).get().execute();
  assert.deepEqual(byId.body, byKey.body);
  const queryArgs = { where: 'lowercaseEmail in :emails', 'var.emails': ['ada@example.com', 'nobody@example.com'] };
  const found = await sdk.customers().get({ queryArgs }).execute();
  assert.deepEqual([found.body.count, found.body.total, found.body.results[0]?.id], [1, 1, customer.id]);
  const page = await sdk
    .customers()
    .get({ queryArgs: { limit: 5, offset: 5, sort: ['createdAt desc', 'id asc'], withTotal: false } })
    .execute();
  assert.deepEqual([page.body.limit, page.body.offset, page.body.count, page.body.total], [5, 5, 5, undefined]);
  const updated = await sdk
    .customers()
    .withId({ ID: customer.id })
    .post({
      body: {
        version: customer.version,
        actions: [
          { action: 'setFirstName', firstName: 'Ada' },
          { action: 'changeEmail', email: 'lovelace@example.com' },
        ],
      },
    })
    .execute();
  assert.deepEqual([updated.body.firstName, updated.body.email], ['Ada', 'lovelace@example.com']);
  assert.ok(updated.body.version > customer.version);
  const queryDelete = { version: updated.body.version, dataErasure: true };
  assert.equal(
    (await sdk.customers().withId({ ID: customer.id }).delete({ queryArgs: queryDelete }).execute()).statusCode,
    200,
  );
});

test('products and projections: query, expand, publish', async () => {
  const products = await sdk
    .products()
    .get({ queryArgs: { limit: 2, expand: 'productType' } })
    .execute();
  const [product] = products.body.results;
  assert.ok(product?.productType.obj?.name);
  const sku = product.masterData.current.masterVariant.sku ?? '';
  const where = 'masterData(current(masterVariant(sku in :skus) or variants(sku in :skus)))';
  const bySku = await sdk
    .products()
    .get({ queryArgs: { where, 'var.skus': [sku] } })
    .execute();
  assert.deepEqual(
    bySku.body.results.map(({ id }) => id),
    [product.id],
  );
  const body = { version: product.version, actions: [{ action: 'publish' as const }] };
  const published = await sdk.products().withId({ ID: product.id }).post({ body }).execute();
  assert.equal(published.body.masterData.published, true);
  const projection = await sdk
    .productProjections()
    .withId({ ID: product.id })
    .get({ queryArgs: { staged: true } })
    .execute();
  assert.deepEqual(projection.body.name, published.body.masterData.staged.name);
  const published20 = await sdk
    .productProjections()
    .get({ queryArgs: { where: 'published = true', limit: 20 } })
    .execute();
  assert.ok(published20.body.results.every((each) => each.published === true));
});

test('categories: create, get by key, expand, update, delete', async () => {
  const root = await sdk
    .categories()
    .post({ body: { key: 'root', name: { en: 'Root' }, slug: { en: 'root-sdk' } } })
    .execute();
  const parent = { typeId: 'category' as const, id: root.body.id };
  const leafDraft = { key: 'leaf', name: { en: 'Leaf' }, slug: { en: 'leaf-sdk' }, parent };
  await sdk.categories().post({ body: leafDraft }).execute();
  const leaf = await sdk
    .categories()
    .withKey({ key: 'leaf' })
    .get({ queryArgs: { expand: 'ancestors[*]' } })
    .execute();
  assert.deepEqual(
    leaf.body.ancestors.map(({ obj }) => obj?.key),
    ['root'],
  );
  const actions = [{ action: 'changeName' as const, name: { en: 'Renamed' } }];
  const renamed = await sdk
    .categories()
    .withKey({ key: 'leaf' })
    .post({ body: { version: leaf.body.version, actions } })
    .execute();
  assert.equal(renamed.body.name.en, 'Renamed');
  const children = await sdk
    .categories()
    .get({ queryArgs: { where: 'parent(id = :id)', 'var.id': root.body.id } })
    .execute();
  assert.equal(children.body.total, 1);
  const queryArgs = { version: renamed.body.version };
  assert.equal(
    (await sdk.categories().withId({ ID: renamed.body.id }).delete({ queryArgs }).execute()).statusCode,
    200,
  );
});

test('inventory, standalone prices and discount codes', async () => {
  const entry = await sdk
    .inventory()
    .post({ body: { sku: 'sdk', key: 'sdk', quantityOnStock: 4 } })
    .execute();
  const add = { version: entry.body.version, actions: [{ action: 'addQuantity' as const, quantity: 3 }] };
  const added = await sdk.inventory().withId({ ID: entry.body.id }).post({ body: add }).execute();
  assert.deepEqual([added.body.quantityOnStock, added.body.availableQuantity], [7, 7]);
  const entries = await sdk
    .inventory()
    .get({ queryArgs: { where: 'sku = "sdk" and supplyChannel is not defined' } })
    .execute();
  assert.equal(entries.body.count, 1);

  const value = { currencyCode: 'EUR', centAmount: 1999 };
  const price = await sdk
    .standalonePrices()
    .post({ body: { sku: 'sdk', key: 'price', value } })
    .execute();
  assert.deepEqual([price.body.active, price.body.value.fractionDigits], [true, 2]);
  const change = { action: 'changeValue' as const, value: { currencyCode: 'EUR', centAmount: 1799 } };
  const body = { version: price.body.version, actions: [change] };
  const changed = await sdk.standalonePrices().withKey({ key: 'price' }).post({ body }).execute();
  assert.equal(changed.body.value.centAmount, 1799);
  const prices = await sdk
    .standalonePrices()
    .get({ queryArgs: { where: 'value(centAmount < 1800) and sku = "sdk"' } })
    .execute();
  assert.equal(prices.body.count, 1);

  const codes = await sdk
    .discountCodes()
    .get({ queryArgs: { sort: 'code asc', limit: 500 } })
    .execute();
  const sorted = codes.body.results.map(({ code }) => code);
  assert.deepEqual(sorted, sorted.toSorted());
});

test('payments and orders: create, expand, update', async () => {
  const amount = { currencyCode: 'EUR', centAmount: 500 };
  const payment = await sdk
    .payments()
    .post({ body: { key: 'paid', amountPlanned: amount } })
    .execute();
  const transaction = { type: 'Charge' as const, amount, state: 'Success' as const };
  const addTransaction = { action: 'addTransaction' as const, transaction };
  const charged = await sdk
    .payments()
    .withKey({ key: 'paid' })
    .post({ body: { version: payment.body.version, actions: [addTransaction] } })
    .execute();
  assert.equal(charged.body.transactions[0]?.state, 'Success');

  const taxCategory = { typeId: 'tax-category' as const, id: 'standard' };
  const item = { name: { en: 'Engraving' }, slug: 'engraving', quantity: 1, money: amount, taxCategory };
  const draft = { orderNumber: 'sdk-1', totalPrice: amount, customLineItems: [item], customerEmail: 'ada@example.com' };
  const imported = await sdk.orders().importOrder().post({ body: draft }).execute();
  assert.equal(imported.statusCode, 201);
  const addPayment = { action: 'addPayment' as const, payment: { typeId: 'payment' as const, id: payment.body.id } };
  const changeState = { action: 'changeOrderState' as const, orderState: 'Confirmed' as const };
  const body = { version: imported.body.version, actions: [addPayment, changeState] };
  const updated = await sdk.orders().withId({ ID: imported.body.id }).post({ body }).execute();
  assert.equal(updated.body.orderState, 'Confirmed');
  const queryArgs = { expand: 'paymentInfo.payments[*]' };
  const byNumber = await sdk.orders().withOrderNumber({ orderNumber: 'sdk-1' }).get({ queryArgs }).execute();
  assert.equal(byNumber.body.paymentInfo?.payments[0]?.obj?.key, 'paid');
  const where = 'paymentInfo(payments(id in :payments))';
  const byPayment = await sdk
    .orders()
    .get({ queryArgs: { where, 'var.payments': [payment.body.id] } })
    .execute();
  assert.deepEqual(
    byPayment.body.results.map(({ id }) => id),
    [imported.body.id],
  );
});

test('custom objects: create, replace, query, delete', async () => {
  const draft = { container: 'sdk', key: 'state', value: { step: 1 } };
  const created = await sdk
    .customObjects()
    .post({ body: { ...draft, version: 0 } })
    .execute();
  assert.deepEqual([created.statusCode, created.body.version], [201, 1]);
  const replaced = await sdk
    .customObjects()
    .post({ body: { ...draft, value: { step: 2 }, version: 1 } })
    .execute();
  assert.deepEqual([replaced.statusCode, replaced.body.value], [200, { step: 2 }]);
  const found = await sdk
    .customObjects()
    .withContainer({ container: 'sdk' })
    .get({ queryArgs: { where: 'value(step = 2)', sort: 'key asc' } })
    .execute();
  assert.deepEqual(
    found.body.results.map(({ key }) => key),
    ['state'],
  );
  const object = sdk.customObjects().withContainerAndKey({ container: 'sdk', key: 'state' });
  assert.equal((await object.get().execute()).body.version, 2);
  assert.equal((await object.delete({ queryArgs: { version: 2 } }).execute()).statusCode, 200);
});

test('subscriptions: create, get by key, update, delete; secrets are masked', async () => {
  const destination = {
    type: 'SQS' as const,
    queueUrl: 'https://sqs.example/q',
    region: 'eu',
    accessKey: 'AKIA-KEY',
    accessSecret: 'hidden',
  };
  const messages = [{ resourceTypeId: 'order', types: ['OrderCreated'] }];
  const created = await sdk
    .subscriptions()
    .post({ body: { key: 'sdk', destination, messages } })
    .execute();
  assert.deepEqual([created.statusCode, created.body.status], [201, 'Healthy']);
  assert.doesNotMatch(JSON.stringify(created.body), /hidden/);
  const changes = [{ resourceTypeId: 'customer' }];
  const body = { version: created.body.version, actions: [{ action: 'setChanges' as const, changes }] };
  const updated = await sdk.subscriptions().withKey({ key: 'sdk' }).post({ body }).execute();
  assert.deepEqual(updated.body.changes, changes);
  const all = await sdk
    .subscriptions()
    .get({ queryArgs: { limit: 10 } })
    .execute();
  assert.equal(all.body.total, 1);
  const queryArgs = { version: updated.body.version };
  assert.equal((await sdk.subscriptions().withKey({ key: 'sdk' }).delete({ queryArgs }).execute()).statusCode, 200);
});

test('errors have the status and code that the SDK reads', async () => {
  const customers = refusing.customers();
  const missing = { ID: '00000000-0000-4000-8000-000000000000' };
  assert.deepEqual(await errorOf(customers.withId(missing).get()), [404, 'ResourceNotFound']);
  assert.deepEqual(await errorOf(refusing.orders().withOrderNumber({ orderNumber: 'none' }).get()), [
    404,
    'ResourceNotFound',
  ]);
  assert.deepEqual(await errorOf(customers.get({ queryArgs: { where: 'mail = "a"' } })), [400, 'InvalidInput']);
  assert.deepEqual(await errorOf(customers.get({ queryArgs: { sort: 'mail asc' } })), [400, 'InvalidInput']);
  assert.deepEqual(await errorOf(customers.get({ queryArgs: { limit: 501 } })), [400, 'InvalidInput']);
  const draft = { email: 'twice@example.com', password: 'secret' };
  const { customer } = (await customers.post({ body: draft }).execute()).body;
  assert.deepEqual(await errorOf(customers.post({ body: draft })), [400, 'DuplicateField']);
  const stale = { version: customer.version + 1, actions: [{ action: 'setFirstName' as const, firstName: 'A' }] };
  assert.deepEqual(await errorOf(customers.withId({ ID: customer.id }).post({ body: stale })), [
    409,
    'ConcurrentModification',
  ]);
  const wrongVersion = { queryArgs: { version: 99 } };
  assert.deepEqual(await errorOf(customers.withId({ ID: customer.id }).delete(wrongVersion)), [
    409,
    'ConcurrentModification',
  ]);
  const badKey = { container: 'sdk', key: 'not a key', value: 1 };
  assert.deepEqual(await errorOf(refusing.customObjects().post({ body: badKey })), [400, 'InvalidInput']);
  const destination = { type: 'SQS' as const, queueUrl: 'https://sqs.example/q', region: 'eu' };
  const messages = [{ resourceTypeId: 'order', types: ['CustomerCreated'] }];
  assert.deepEqual(await errorOf(refusing.subscriptions().post({ body: { destination, messages } })), [
    400,
    'InvalidInput',
  ]);
});
