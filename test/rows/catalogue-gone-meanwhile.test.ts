import assert from 'node:assert/strict';
import { test } from 'node:test';
import { categories, delivery, id, product, reference } from '../fixtures/index.ts';
import { startWorld } from '../world.ts';

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
  assert.equal(await world.push(published), 503);
  assert.deepEqual(await Array.fromAsync(world.app.deadLetters.list()), []);
  world.klaviyo.faults.clear();
  assert.equal(await world.push(published), 204);
  assert.ok((await world.variants()).length > 0);
});

// Another process makes it before this one does, and deletes it again before this one updates it.
for (const [what, path] of Object.entries({
  'an item': '/api/catalog-items',
  'a variant': '/api/catalog-variants',
})) {
  test(`${what} that comes and goes between look-up and writes is no dead letter: the message comes again`, async () => {
    await using world = await startWorld();
    await world.place('product', product({ id: id('b1') }));
    const body = { errors: [{ code: 'duplicate', title: 'Duplicate', detail: 'It exists.', source: {} }] };
    world.klaviyo.faults.add({ kind: 'status', status: 409, method: 'POST', path, body });
    const published = delivery('ProductPublished', reference('product', id('b1')));
    assert.equal(await world.push(published), 503);
    assert.deepEqual(await Array.fromAsync(world.app.deadLetters.list()), []);
    world.klaviyo.faults.clear();
    assert.equal(await world.push(published), 204);
    assert.ok((await world.variants()).length > 0);
  });
}

test('a category that comes and goes between look-up and writes is no dead letter either', async () => {
  await using world = await startWorld();
  const [record] = categories();
  assert.ok(record);
  await world.place('category', record);
  const body = { errors: [{ code: 'duplicate', title: 'Duplicate', detail: 'It exists.', source: {} }] };
  world.klaviyo.faults.add({ kind: 'status', status: 409, method: 'POST', path: '/api/catalog-categories', body });
  const created = delivery('CategoryCreated', reference('category', String(record.id)));
  assert.equal(await world.push(created), 503);
  assert.deepEqual(await Array.fromAsync(world.app.deadLetters.list()), []);
  world.klaviyo.faults.clear();
  assert.equal(await world.push(created), 204);
});
