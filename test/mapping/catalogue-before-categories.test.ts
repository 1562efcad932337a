import assert from 'node:assert/strict';
import { test } from 'node:test';
import { category, product, reference } from '../fixtures/index.ts';
import { startWorld } from '../test-env.ts';

const id = (kind: string, index: number) => `00000000-0000-4000-${kind}-${String(index).padStart(12, '0')}`;

test('products that are synced before their categories arrive all the same: what is missing is created first, once', async () => {
  await using world = await startWorld();
  const categories = [1, 2, 3].map((index) => category({ id: id('a000', index), name: { en: `Category ${index}` } }));
  await world.place('category', ...categories);
  const products = Array.from({ length: 60 }, (_, index) => {
    const categories = [reference('category', id('a000', (index % 3) + 1))];
    return product({ id: id('b000', index) }, { categories, variants: [] });
  });
  await world.place('product', ...products);
  const run = await world.sync('products');
  assert.deepEqual([run.counts.read, run.counts.delivered, run.counts.rejected], [60, 60, 0]);
  assert.equal((await world.categories()).length, 3);
  const linked = (await world.items()).map((item) => JSON.stringify(item.categories));
  assert.ok(linked.every((categories) => categories.includes('a000')));
});
