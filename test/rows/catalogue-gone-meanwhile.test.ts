import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivery, id, product, reference } from '../fixtures/index.ts';
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
