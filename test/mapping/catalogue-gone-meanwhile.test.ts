import assert from 'node:assert/strict';
import { test } from 'node:test';
import { categories, delivery, id, type Json, product, reference } from '../fixtures/index.ts';
import { startTestEnv, type TestEnv } from '../test-env.ts';

test('a product whose item is deleted between lookup and write is retried and then written', async () => {
  await using testEnv = await startTestEnv();
  const record = product({ id: id('b1') });
  await testEnv.addRecords('product', record);
  const gone = {
    code: 'not_found',
    title: 'Not found.',
    detail: 'A catalog item with id x does not exist.',
    source: { pointer: '/data/relationships/item/data/id' },
  };
  const body = { errors: [gone] };
  testEnv.klaviyo.faults.add({ kind: 'status', status: 404, method: 'POST', path: '/api/catalog-variants', body });
  const published = delivery('ProductPublished', reference('product', id('b1')));
  await comesAgain(testEnv, published);
  assert.ok((await testEnv.variants()).length > 0);
});

/** Not stored as a dead letter: redelivered, and then sent in its current state. */
async function comesAgain(testEnv: TestEnv, message: Json): Promise<void> {
  assert.equal(await testEnv.push(message), 503);
  assert.deepEqual(await Array.fromAsync(testEnv.app.deadLetters.list()), []);
  testEnv.klaviyo.faults.clear();
  assert.equal(await testEnv.push(message), 204);
}

const duplicate = { errors: [{ code: 'duplicate', title: 'Duplicate', detail: 'It exists.', source: {} }] };
const refusing = { kind: 'status', status: 409, method: 'POST', body: duplicate } as const;

// Another process makes it before this one does, and deletes it again before this one updates it.
for (const [what, path] of Object.entries({
  'an item': '/api/catalog-items',
  'a variant': '/api/catalog-variants',
})) {
  test(`${what} that comes and goes between lookup and writes is no dead letter: the message comes again`, async () => {
    await using testEnv = await startTestEnv();
    await testEnv.addRecords('product', product({ id: id('b1') }));
    testEnv.klaviyo.faults.add({ ...refusing, path });
    await comesAgain(testEnv, delivery('ProductPublished', reference('product', id('b1'))));
    assert.ok((await testEnv.variants()).length > 0);
  });
}

test('a category that comes and goes between lookup and writes is no dead letter either', async () => {
  await using testEnv = await startTestEnv();
  const [record] = categories();
  assert.ok(record);
  await testEnv.addRecords('category', record);
  testEnv.klaviyo.faults.add({ ...refusing, path: '/api/catalog-categories' });
  await comesAgain(testEnv, delivery('CategoryCreated', reference('category', String(record.id))));
});
