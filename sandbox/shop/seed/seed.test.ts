/** Tests of the seeded shop. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { startCommercetoolsSandbox } from '../../commercetools/sandbox.ts';
import type { CommercetoolsSandbox } from '../../commercetools/sandbox-types.ts';
import { connectShop, type ShopApi } from '../actors/shop-api.ts';
import { createEdgeCases, edgeCaseId } from '../edge-cases/index.ts';
import { makeShop, seedShop } from './seed.ts';

let sandbox: CommercetoolsSandbox;
let api: ShopApi;
const anyRecord = z.looseObject({ id: z.string() });

before(async () => {
  sandbox = await startCommercetoolsSandbox();
  await seedShop(sandbox);
  api = connectShop(sandbox);
});
after(() => sandbox.stop());

test('the same seed produces the same shop, another seed a different one', () => {
  const asText = (seed: number) => JSON.stringify([...makeShop({ seed })]);
  assert.equal(asText(7), asText(7));
  assert.notEqual(asText(7), asText(8));
});

test('no two records of a type share an id, and no two variants a sku', () => {
  for (const [typeId, records] of makeShop()) {
    assert.equal(new Set(records.map(({ id }) => id)).size, records.length, typeId);
  }
  const withSku = z.looseObject({ sku: z.string().optional() });
  const data = z.object({ masterVariant: withSku.optional(), variants: z.array(withSku) });
  const products = z.array(z.object({ masterData: z.object({ current: data }) })).parse(makeShop().get('product'));
  const variants = products.flatMap(({ masterData: { current } }) => [current.masterVariant, ...current.variants]);
  const skus = variants.flatMap((variant) => variant?.sku ?? []);
  assert.equal(new Set(skus).size, skus.length);
});

test('the shop has the requested size plus the edge cases', async () => {
  const customers = await api.all('customers', anyRecord);
  const edgeCases = createEdgeCases().filter(({ typeId }) => typeId === 'customer');
  assert.equal(customers.length, 300 + edgeCases.length);
  const categories = await api.all('categories', z.looseObject({ id: z.string(), ancestors: z.array(z.unknown()) }));
  assert.ok(categories.length >= 35);
  assert.equal(Math.max(...categories.map(({ ancestors }) => ancestors.length)), 3);
});

test('every edge case can be read over HTTP by its id', async () => {
  const paths: Record<string, string> = {
    customer: 'customers',
    order: 'orders',
    payment: 'payments',
    product: 'products',
    'inventory-entry': 'inventory',
    'standalone-price': 'standalone-prices',
  };
  for (const { name, typeId, record } of createEdgeCases()) {
    const answer = await api.request('GET', `${paths[typeId]}/${record.id}`);
    assert.equal(answer.status, 200, `${typeId} ${name}`);
  }
});

test('an order is found by its payment', async () => {
  const where = encodeURIComponent(`paymentInfo(payments(id="${edgeCaseId('payment', 'two-payments-2')}"))`);
  const { results } = await api.get(`orders?where=${where}`, z.object({ results: z.array(anyRecord) }));
  assert.deepEqual(
    results.map(({ orderNumber }) => orderNumber),
    ['two-payments'],
  );
});

test('product projections contain published products only, unless staged=true', async () => {
  const byKey = (key: string, staged: boolean) => api.request('GET', `product-projections/key=${key}?staged=${staged}`);
  assert.equal((await byKey('unpublished', false)).status, 404);
  assert.equal((await byKey('unpublished', true)).status, 200);
  const differs = z.looseObject({ name: z.object({ en: z.string() }) });
  assert.notEqual(differs.parse((await byKey('staged-differs', false)).body).name.en, 'Not yet');
  assert.equal(differs.parse((await byKey('staged-differs', true)).body).name.en, 'Not yet');
});
