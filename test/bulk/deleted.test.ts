/** Old data can't come back: not by a page that was read before a deletion, not by a late message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeDelivery, id, product, reference } from '../fixtures/index.ts';
import { ended, inFlight, ownReplica, slowDown, startSlowWorld } from '../runs/replicas.ts';
import { startWorld, type World } from '../test-env.ts';

const about = reference('product', id('f1'));
let version = 10;

function tell(world: World, notificationType: string): Promise<Response> {
  version += 1;
  return world.post('/', { ...changeDelivery(notificationType, about), version });
}

test('a product that is deleted while a sync that has read it goes on stays deleted', async () => {
  await using world = await startSlowWorld();
  await world.place('product', product({ id: id('f1') }));
  await world.sync('products');
  const own = ownReplica(world);
  // The page is read; what else has to be known of it comes late.
  const quick = await slowDown(world, 'inventory', 1_500);
  const { run } = await own.post('products', { force: true });
  await inFlight(own, run?.id);
  world.shop.records.remove('product', id('f1'));
  assert.equal((await tell(world, 'ResourceDeleted')).status, 204);
  assert.deepEqual(await world.items(), []);
  await quick();
  assert.equal((await ended(own, run?.id)).state, 'completed');
  assert.deepEqual([await world.items(), await world.variants()], [[], []]);
});

test('a late change of a product that is deleted does not bring it back', async () => {
  await using world = await startWorld();
  await world.place('product', product({ id: id('f1') }));
  await world.sync('products');
  world.shop.records.remove('product', id('f1'));
  assert.equal((await tell(world, 'ResourceDeleted')).status, 204);
  assert.equal((await tell(world, 'ResourceUpdated')).status, 204);
  assert.deepEqual(await world.items(), []);
});

test('a record that nobody can read is kept as a dead letter, and the sync goes on', async () => {
  await using world = await startWorld();
  const odd = { ...product({ id: id('f2') }), masterData: 'not an object' };
  await world.place('product', product({ id: id('f1') }), odd);
  const run = await world.sync('products');
  assert.deepEqual([run.state, run.counts.delivered, run.counts.rejected], ['completed', 1, 1]);
  const [letter, ...others] = await Array.fromAsync(world.app.deadLetters.list());
  assert.deepEqual([letter?.code, letter?.record?.id, others.length], ['unreadable', id('f2'), 0]);
});
