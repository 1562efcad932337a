/** Tests that requests with unknown fields, unknown types and missing entries are refused by name, as commercetools does. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { connectShop, type ShopApi } from '../shop/actors/shop-api.ts';
import { category } from '../shop/seed/catalog-builders.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';

let sandbox: CommercetoolsSandbox;
let api: ShopApi;
const errorSchema = z.object({
  statusCode: z.literal(400),
  message: z.string(),
  errors: z.array(z.object({ code: z.string(), message: z.string() })).length(1),
});

before(async () => {
  sandbox = await startCommercetoolsSandbox({ record: false });
  api = connectShop(sandbox);
  await sandbox.place('category', [category({ id: 'c' })]);
});
after(() => sandbox.stop());

const refusedQueries: [resource: string, query: Record<string, string>, name: string][] = [
  ['customers', { where: 'emailAddress = "a"' }, 'emailAddress'],
  ['customers', { where: 'addresses(town = "Berlin")' }, 'town'],
  ['customers', { where: 'email(domain = "example.com")' }, 'domain'],
  ['customers', { where: 'id = "a" or not (nickname is defined)' }, 'nickname'],
  ['orders', { where: 'sku in ("a")' }, 'sku'],
  ['orders', { where: 'paymentInfo(payments(key = "a"))' }, 'key'],
  ['payments', { where: 'orderNumber = "1"' }, 'orderNumber'],
  ['products', { where: 'variants(sku = "a")' }, 'variants'],
  ['product-projections', { where: 'masterData(published = true)' }, 'masterData'],
  ['categories', { where: 'sku = "a"' }, 'sku'],
  ['inventory', { where: 'quantity > 1' }, 'quantity'],
  ['standalone-prices', { where: 'price(centAmount = 1)' }, 'price'],
  ['discount-codes', { where: 'name2(en = "a")' }, 'name2'],
  ['custom-objects', { where: 'state = "done"' }, 'state'],
  ['subscriptions', { where: 'topic = "a"' }, 'topic'],
  ['customers', { sort: 'emailAddress asc' }, 'emailAddress'],
  ['products', { sort: 'masterData.current.title desc' }, 'masterData.current.title'],
];
for (const [resource, query, name] of refusedQueries) {
  test(`${resource}: ${Object.entries(query).join()} is refused with the name of the field`, async () => {
    const { status, body } = await api.request('GET', `${resource}?${new URLSearchParams(query)}`);
    assert.equal(status, 400);
    const { message, errors } = errorSchema.parse(body);
    assert.equal(errors[0]?.code, 'InvalidInput');
    assert.equal(errors[0]?.message, message);
    assert.ok(message.includes(`'${name}'`), message);
  });
}

const acceptedQueries: [resource: string, query: Record<string, string>][] = [
  ['products', { where: 'masterData(current(masterVariant(sku in ("a")) or variants(attributes(name = "x"))))' }],
  ['products', { sort: 'masterData.current.name.en asc' }],
  ['orders', { where: 'lineItems(variant(sku = "a")) and custom(fields(gift = true)) and store(key = "de")' }],
  ['categories', { where: 'slug(`de-DE` = "a") and ancestors(id = "a") and parent is not defined' }],
  ['payments', { where: 'transactions(type = "Refund" and amount(centAmount > 1))' }],
  ['custom-objects/container', { where: 'value(state(name = "done")) and key > "a"', sort: 'key asc' }],
];
for (const [resource, query] of acceptedQueries) {
  test(`${resource}: ${Object.entries(query).join()} is accepted`, async () => {
    assert.equal((await api.request('GET', `${resource}?${new URLSearchParams(query)}`)).status, 200);
  });
}

const destination = { type: 'SQS', queueUrl: 'https://sqs.example/queue', region: 'eu-central-1' };
const messages = [{ resourceTypeId: 'order', types: ['OrderCreated', 'ReturnInfoAdded'] }];
const refusedSelections: [draft: object, name: string][] = [
  [{ messages: [{ resourceTypeId: 'customer', types: ['CustomerCreated', 'OrderCreated'] }] }, 'OrderCreated'],
  [{ messages: [{ resourceTypeId: 'payment', types: ['PaymentTransactionChanged'] }] }, 'PaymentTransactionChanged'],
  [{ messages: [{ resourceTypeId: 'cart' }] }, 'cart'],
  [{ messages, changes: [{ resourceTypeId: 'basket' }] }, 'basket'],
  [{ messages: [], changes: [] }, 'messages'],
];
for (const [draft, name] of refusedSelections) {
  test(`a subscription with ${JSON.stringify(draft)} is refused with '${name}'`, async () => {
    const { status, body } = await api.request('POST', 'subscriptions', { destination, ...draft });
    assert.equal(status, 400);
    assert.ok(errorSchema.parse(body).message.includes(`'${name}'`), JSON.stringify(body));
  });
}

test('an update cannot subscribe to an unknown message type', async () => {
  const created = z.object({ id: z.string(), version: z.number() });
  const { id, version } = await api.post('subscriptions', { destination, messages }, created);
  const actions = [{ action: 'setMessages', messages: [{ resourceTypeId: 'order', types: ['OrderPaid'] }] }];
  const { status, body } = await api.request('POST', `subscriptions/${id}`, { version, actions });
  assert.equal(status, 400);
  assert.match(errorSchema.parse(body).message, /'OrderPaid'/);
});

const refusedLists: [path: string, body: object, name: string][] = [
  ['orders/import', { totalPrice: { currencyCode: 'EUR', centAmount: 1 } }, 'lineItems or customLineItems'],
  ['orders/o', { version: 1, actions: [{ action: 'addReturnInfo', items: [] }] }, 'items'],
  [
    'categories/c',
    { version: 1, actions: [{ action: 'addAsset', asset: { name: { en: 'A' }, sources: [] } }] },
    'asset.sources',
  ],
  [
    'categories',
    { name: { en: 'A' }, slug: { en: 'aa' }, assets: [{ name: { en: 'A' }, sources: [] }] },
    'assets.sources',
  ],
];
for (const [path, body, name] of refusedLists) {
  test(`${path} without an entry in ${name} is refused with its name`, async () => {
    const { status, body: answer } = await api.request('POST', path, body);
    assert.equal(status, 400);
    assert.ok(errorSchema.parse(answer).message.includes(`'${name}'`), JSON.stringify(answer));
  });
}
