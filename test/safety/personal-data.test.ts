/**
 * A seeded shop is synced, changed and half refused; then everything that the service logged, answered and kept is
 * searched for what the shop knows about people, and for the keys.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiRecord } from '../../sandbox/commercetools/json.ts';
import { makeShop, seedShop } from '../../sandbox/shop/seed/seed.ts';
import { bulkResources } from '../../src/commercetools/schemas.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { delivery } from '../fixtures/message.ts';
import { startTestEnv } from '../test-env.ts';

/** Fields of a customer, an order or an address that are about a person. */
const personal = new Set([
  'email',
  'customerEmail',
  'firstName',
  'lastName',
  'middleName',
  'streetName',
  'streetNumber',
  'additionalStreetInfo',
  'phone',
  'mobile',
  'fax',
  'dateOfBirth',
  'vatId',
  'pOBox',
]);

/** Shorter ones stand in any text by chance. */
const shortest = 5;

function collect(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) for (const one of value) collect(one, into);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, inside] of Object.entries(value)) {
    if (personal.has(name) && typeof inside === 'string' && inside.trim().length >= shortest) into.add(inside.trim());
    collect(inside, into);
  }
}

test('no personal data and no key is logged, returned or stored', async () => {
  const secrets = { API_TOKEN: 'a-token-that-is-long-enough', PUSH_SECRET: 'a-secret-that-is-long-enough' };
  const { store, kept } = recordingStore();
  await using testEnv = await startTestEnv({ env: secrets, overrides: { store } });
  const size = { customers: 100, orders: 150 };
  await seedShop(testEnv.shop, size);
  const shop = makeShop(size);
  const people = new Set<string>();
  for (const records of shop.values()) collect(records, people);
  const records = ['customer', 'order'].flatMap((typeId) =>
    (shop.get(typeId) ?? []).slice(-60).map((record) => ({ typeId, record })),
  );
  const answers: string[] = [];
  assert.ok(people.size > 500, `${people.size} facts about people`);

  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = {
      authorization: `Bearer ${path === '/' ? secrets.PUSH_SECRET : secrets.API_TOKEN}`,
      'content-type': 'application/json',
    };
    const answer = await fetch(`${testEnv.service}${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    answers.push(await answer.text());
    await testEnv.app.settled();
  };
  for (const resource of bulkResources) await ask('POST', `/sync/${resource}`);
  // Messages with whole records inside, while Klaviyo refuses, fails and answers nonsense.
  for (const fault of [undefined, { status: 400 }, { status: 503 }, { status: 401 }]) {
    testEnv.klaviyo.faults.clear();
    if (fault) testEnv.klaviyo.faults.add({ kind: 'status', status: fault.status, body: 'no' });
    for (const one of fault ? records.slice(0, 10) : records) await ask('POST', '/', message(one));
  }
  testEnv.klaviyo.faults.clear();
  for (const { typeId, record } of records.slice(50, 70)) {
    await ask('POST', '/', { ...message({ typeId, record }), resource: record });
    await ask('POST', '/', { message: { data: JSON.stringify(record) } });
    await ask('POST', '/', record);
    await ask('POST', '/sync/orders', record);
    await ask('GET', `/${encodeURIComponent(JSON.stringify(record.id))}`);
  }
  for (const path of ['/sync', '/health', '/ready', '/openapi.json', '/dead-letters', '/metrics'])
    await ask('GET', path);

  const everything = { logged: testEnv.logged.join('\n'), answered: answers.join('\n'), kept: JSON.stringify(kept) };
  assert.ok(everything.logged.length > 10_000, 'much was logged');
  assert.ok(kept.length > 10, `${kept.length} records were kept`);
  const keys = [...Object.values(secrets), 'pk_sandbox', testEnv.shop.clientSecret];
  for (const [where, said] of Object.entries(everything))
    for (const fact of [...people, ...keys]) assert.ok(!said.includes(fact), `${where}: ${about(said, fact)}`);
});

/** The messages that carry the whole record. */
function message({ typeId, record }: { typeId: string; record: ApiRecord }) {
  const type = typeId === 'order' ? 'OrderCreated' : 'CustomerCreated';
  return delivery(type, { typeId, id: record.id }, { [typeId]: record, id: `${type}-${record.id}` });
}

/** Writes down what is put into it. */
function recordingStore(): { store: Store; kept: unknown[] } {
  const kept: unknown[] = [];
  const memory = createMemoryStore();
  const put: Store['put'] = (...asked) => {
    kept.push(structuredClone(asked));
    return memory.put(...asked);
  };
  return { store: { ...memory, put }, kept };
}

/** Some letters of the fact's surroundings, to find the leak by. */
function about(said: string, fact: string): string {
  const at = said.indexOf(fact);
  return said.slice(Math.max(0, at - 200), at + fact.length + 50);
}
