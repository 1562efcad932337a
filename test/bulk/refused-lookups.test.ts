/** One record whose lookup is refused, or whose key can't be looked up, ends no sync and concerns no other record. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { variant } from '../fixtures/index.ts';
import { changed, newProduct, startCatalogShop } from '../mapping/catalog-fixture.ts';
import { newCustomer, newOrder, startOrderShop } from '../mapping/order-fixture.ts';

const halfAnEmoji = '\ud83d';
const longText = 'x'.repeat(20_000);

for (const [what, sku] of Object.entries({ 'half a character': `sku-${halfAnEmoji}`, '20 KB': longText }))
  test(`a product whose sku is ${what} becomes a dead letter, its neighbours arrive`, async () => {
    await using shop = await startCatalogShop();
    const [odd, ...others] = [newProduct(), newProduct(), newProduct()];
    assert.ok(odd);
    const broken = changed(odd, { masterVariant: variant({ sku }) });
    await shop.addRecords('product', broken.record, ...others.map(({ record }) => record));
    const run = await shop.testEnv.sync('products');
    assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', 2, 1]);
    const letters = await Array.fromAsync(shop.testEnv.app.deadLetters.list());
    assert.deepEqual(
      letters.map(({ code, record }) => [code, record?.id]),
      [['unreadable', odd.id]],
    );
  });

for (const [times, delivered] of [
  [1, 8],
  [undefined, 0],
] as const)
  test(`lookups that commercetools refuses ${times === 1 ? 'together are made apart' : 'make dead letters of their orders'}`, async () => {
    await using shop = await startOrderShop();
    const ids = Array.from({ length: 8 }, () => randomUUID());
    const orders = ids.map((id) => newOrder({ discountCodes: [{ discountCode: { typeId: 'discount-code', id } }] }));
    const [first, ...rest] = orders;
    assert.ok(first);
    await shop.addRecords(first, ...rest);
    const body = { statusCode: 400, message: 'Malformed parameter', errors: [{ code: 'InvalidInput', message: '' }] };
    const limit = times === undefined ? {} : { times };
    await shop.injectFault({ kind: 'status', status: 400, body, path: '^/[^/]+/discount-codes', ...limit });
    const run = await shop.sync('orders', orders);
    assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', delivered, 8 - delivered]);
  });

test('a customer whose e-mail cannot be looked up becomes a dead letter, the others arrive', async () => {
  await using shop = await startOrderShop();
  const stores = [{ typeId: 'store', key: 's' }];
  const odd = newCustomer({ email: `${longText}@example.com`, stores });
  const others = [newCustomer({ stores }), newCustomer({ stores })];
  await shop.addRecords(odd, ...others);
  const run = await shop.sync('customers', [odd, ...others]);
  assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', 2, 1]);
});

test('ids that no record can have are missing, in a sync of ids', async () => {
  await using shop = await startOrderShop();
  const order = newOrder();
  await shop.addRecords(order);
  const run = await shop.testEnv.sync('orders', { ids: [order.id, 'x'.repeat(256)] });
  assert.deepEqual([run.state, run.counts.delivered, run.counts.read], ['completed', 1, 2]);
});

for (const id of [`order-${halfAnEmoji}`, longText])
  test(`a message about an id of ${id.length} characters is unreadable, its neighbours are processed`, async () => {
    await using shop = await startOrderShop();
    const order = newOrder();
    await shop.addRecords(order);
    const answers = await Promise.all([
      shop.sendWithoutPayload('OrderCreated', { typeId: 'order', id }),
      shop.sendWithoutPayload('OrderCreated', order.ref),
    ]);
    assert.deepEqual(answers, [202, 204]);
    assert.equal((await shop.events({ unique_id: order.id })).length > 0, true);
  });
