/** Tests of custom objects. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { z } from 'zod';
import { connectShop, type ShopApi } from '../shop/actors/shop-api.ts';
import { startCommercetoolsSandbox } from './sandbox.ts';
import type { CommercetoolsSandbox } from './sandbox-types.ts';

let sandbox: CommercetoolsSandbox;
let api: ShopApi;
const objectSchema = z.object({ version: z.number(), value: z.unknown() });

before(async () => {
  sandbox = await startCommercetoolsSandbox({ record: false });
  api = connectShop(sandbox);
});
after(() => sandbox.stop());

function save(key: string, fields: Record<string, unknown> = {}) {
  return api.request('POST', 'custom-objects', { container: 'state', key, value: { n: 1 }, ...fields });
}

test('the first POST creates, the next one replaces the whole value', async () => {
  assert.equal((await save('twice', { value: { a: 1, b: 2 } })).status, 201);
  const second = await save('twice', { value: { a: 3 } });
  assert.equal(second.status, 200);
  assert.deepEqual(objectSchema.parse(second.body), { version: 2, value: { a: 3 } });
});

test('the version must be current; 0 means create only', async () => {
  assert.equal((await save('lock', { version: 0 })).status, 201);
  assert.equal((await save('lock', { version: 0 })).status, 409);
  assert.equal((await save('lock', { version: 7 })).status, 409);
  assert.equal((await save('lock', { version: 1 })).status, 200);
  assert.equal((await save('absent', { version: 1 })).status, 400);
});

test('one of many concurrent creations with version 0 succeeds', async () => {
  const responses = await Promise.all(Array.from({ length: 10 }, () => save('race', { version: 0 })));
  assert.deepEqual(responses.map(({ status }) => status).sort(), [201, ...Array.from({ length: 9 }, () => 409)]);
});

test('null fields are not stored', async () => {
  const saved = await save('nulls', { value: { gone: null, kept: { gone: null, zero: 0 } } });
  assert.deepEqual(objectSchema.parse(saved.body).value, { kept: { zero: 0 } });
});

test('names with invalid characters are rejected', async () => {
  assert.equal((await save('a@b.example')).status, 400);
  assert.equal((await save('x'.repeat(257))).status, 400);
});

test('objects can be queried by container and value, and deleted with or without a version', async () => {
  await save('q-1', { container: 'queue', value: { state: 'waiting' } });
  await save('q-2', { container: 'queue', value: { state: 'done' } });
  const page = z.object({ results: z.array(z.object({ key: z.string() })) });
  const where = encodeURIComponent('value(state = "waiting")');
  const waiting = await api.get(`custom-objects/queue?where=${where}`, page);
  assert.deepEqual(waiting.results, [{ key: 'q-1' }]);
  assert.equal((await api.request('DELETE', 'custom-objects/queue/q-1?version=9')).status, 409);
  assert.equal((await api.request('DELETE', 'custom-objects/queue/q-1')).status, 200);
  assert.equal((await api.request('GET', 'custom-objects/queue/q-1')).status, 404);
});
