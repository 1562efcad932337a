import assert from 'node:assert/strict';
import { test } from 'node:test';
import { categories, delivery, id, type Json, product, reference } from '../fixtures/index.ts';
import { startWorld, type World } from '../test-env.ts';

test('a product whose item another process deletes between look-up and write comes again, and is then told as it is', async () => {
  await using world = await startWorld();
  const record = product({ id: id('b1') });
  await world.place('product', record);
  const gone = {
    code: 'not_found',
    title: 'Not found.',
    detail: 'A catalog item with id x does not exist.',
    source: { pointer: '/data/relationships/item/data/id' },
  };
  const body = { errors: [gone] };
  world.klaviyo.faults.add({ kind: 'status', status: 404, method: 'POST', path: '/api/catalog-variants', body });
  const published = delivery('ProductPublished', reference('product', id('b1')));
  await comesAgain(world, published);
  assert.ok((await world.variants()).length > 0);
});

/** Not kept as a dead letter, but told again, and then as it is. */
async function comesAgain(world: World, message: Json): Promise<void> {
  assert.equal(await world.push(message), 503);
  assert.deepEqual(await Array.fromAsync(world.app.deadLetters.list()), []);
  world.klaviyo.faults.clear();
  assert.equal(await world.push(message), 204);
}

const duplicate = { errors: [{ code: 'duplicate', title: 'Duplicate', detail: 'It exists.', source: {} }] };
const refusing = { kind: 'status', status: 409, method: 'POST', body: duplicate } as const;

// Another process makes it before this one does, and deletes it again before this one updates it.
for (const [what, path] of Object.entries({
  'an item': '/api/catalog-items',
  'a variant': '/api/catalog-variants',
})) {
  test(`${what} that comes and goes between look-up and writes is no dead letter: the message comes again`, async () => {
    await using world = await startWorld();
    await world.place('product', product({ id: id('b1') }));
    world.klaviyo.faults.add({ ...refusing, path });
    await comesAgain(world, delivery('ProductPublished', reference('product', id('b1'))));
    assert.ok((await world.variants()).length > 0);
  });
}

test('a category that comes and goes between look-up and writes is no dead letter either', async () => {
  await using world = await startWorld();
  const [record] = categories();
  assert.ok(record);
  await world.place('category', record);
  world.klaviyo.faults.add({ ...refusing, path: '/api/catalog-categories' });
  await comesAgain(world, delivery('CategoryCreated', reference('category', String(record.id))));
});
