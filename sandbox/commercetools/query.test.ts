/** Tests of query predicates, sorting, paging and reference expansion. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { connectShop, type ShopApi } from '../shop/actors/shop-api.ts';
import { category, customer, order } from '../shop/seed/builders.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';

let sandbox: CommercetoolsSandbox;
let api: ShopApi;
const pageSchema = z.object({
  count: z.number(),
  total: z.number().optional(),
  results: z.array(z.looseObject({ id: z.string() })),
});

before(async () => {
  sandbox = await startCommercetoolsSandbox({ record: false });
  api = connectShop(sandbox);
  await sandbox.place('customer', [
    customer({ id: 'a', email: 'A@Example.com', firstName: 'Ann "A"', lastModifiedAt: '2024-01-01T00:00:00.000Z' }),
    customer({
      id: 'b',
      email: 'b@example.com',
      firstName: 'Bob',
      isEmailVerified: true,
      lastModifiedAt: '2024-01-02T00:00:00.500Z',
    }),
    customer({
      id: 'c',
      email: 'c@example.com',
      firstName: 'Bob',
      lastModifiedAt: '2024-01-03T00:00:00.000Z',
      addresses: [],
    }),
  ]);
  const top = { typeId: 'category' as const, id: 'top' };
  await sandbox.place('category', [
    category({ id: 'top', slug: { en: 'top', 'de-DE': 'oben' } }),
    category({ id: 'sub', slug: { en: 'sub' }, parent: top, ancestors: [top, { typeId: 'category', id: 'gone' }] }),
  ]);
  await sandbox.place('order', [
    order({
      id: 'o',
      paymentInfo: {
        payments: [
          { typeId: 'payment', id: 'p1' },
          { typeId: 'payment', id: 'p2' },
        ],
      },
    }),
  ]);
});
after(() => sandbox.stop());

async function ids(path: string, query: Record<string, string | string[]>): Promise<string[]> {
  const { results } = await api.get(`${path}?${search(query)}`, pageSchema);
  return results.map(({ id }) => id);
}

function search(query: Record<string, string | string[]>): URLSearchParams {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((entry): [string, string] => [name, entry]),
  );
  return new URLSearchParams(pairs);
}

const found: [string, Record<string, string | string[]>, string[]][] = [
  ['a seek by id', { where: 'id > "a"', sort: 'id asc' }, ['b', 'c']],
  ['a list', { where: 'id in ("a", "c", "x")' }, ['a', 'c']],
  ['variables that repeat', { where: 'id in :ids', 'var.ids': ['a', 'b'] }, ['a', 'b']],
  [
    'a catch-up by time',
    {
      where: 'lastModifiedAt > :t or (lastModifiedAt = :t and id > :id)',
      'var.t': '2024-01-02T00:00:00.500Z',
      'var.id': 'a',
    },
    ['b', 'c'],
  ],
  ['times without fractions', { where: 'lastModifiedAt >= "2024-01-03T00:00:00Z"' }, ['c']],
  ['both signs for "not equal"', { where: ['firstName <> "Bob"', 'firstName != "Bob"'] }, ['a']],
  ['quotes in a text', { where: 'firstName = "Ann \\"A\\""' }, ['a']],
  ['a boolean and a negation', { where: 'firstName = "Bob" and not (isEmailVerified = true)' }, ['c']],
  ['nesting into a list', { where: 'addresses(city = "Berlin" and country = "DE")' }, ['a', 'b']],
  ['is defined and is not empty', { where: 'customerNumber is not defined and addresses is not empty' }, ['a', 'b']],
  ['an e-mail in any case', { where: 'lowercaseEmail in ("a@example.com", "x@example.com")' }, ['a']],
  ['a repeated sort', { sort: ['firstName desc', 'id desc'] }, ['c', 'b', 'a']],
];
for (const [name, query, expected] of found) {
  test(`customers can be queried with ${name}`, async () => assert.deepEqual(await ids('customers', query), expected));
}

test('a locale with a dash is written in backticks', async () => {
  assert.deepEqual(await ids('categories', { where: 'slug(`de-DE` = "oben")' }), ['top']);
});

test('an order can be queried by one of its payments', async () => {
  assert.deepEqual(await ids('orders', { where: 'paymentInfo(payments(id="p2"))' }), ['o']);
  assert.deepEqual(await ids('orders', { where: 'paymentInfo(payments(id="p3"))' }), []);
});

test('expand resolves existing references and leaves the others unexpanded', async () => {
  const reference = z.object({ id: z.string(), obj: z.looseObject({ slug: z.unknown() }).optional() });
  const shape = z.object({ ancestors: z.array(reference) });
  const { ancestors } = await api.get('categories/sub?expand=ancestors[*]', shape);
  assert.deepEqual(
    ancestors.map(({ obj }) => obj?.slug),
    [{ en: 'top', 'de-DE': 'oben' }, undefined],
  );
});

test('the total is included unless withTotal=false', async () => {
  assert.equal((await api.get('customers?limit=1', pageSchema)).total, 3);
  assert.equal((await api.get('customers?limit=1&withTotal=false', pageSchema)).total, undefined);
});

const rejected: [string, string, number][] = [
  ['a page above 500', 'customers?limit=501', 400],
  ['an offset above 10,000', 'customers?offset=10001', 400],
  ['an incomplete predicate', `customers?where=${encodeURIComponent('id = ')}`, 400],
  ['a predicate with trailing tokens', `customers?where=${encodeURIComponent('id = "a" id')}`, 400],
  ['a missing variable', `customers?where=${encodeURIComponent('id = :id')}`, 400],
  ['a URL of more than 8 kB', `customers?where=${'x'.repeat(9_000)}`, 414],
  ['an unknown id', 'customers/unknown', 404],
];
for (const [name, path, status] of rejected) {
  test(`${name} gets ${status}`, async () => assert.equal((await api.request('GET', path)).status, status));
}
