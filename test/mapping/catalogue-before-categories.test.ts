import assert from 'node:assert/strict';
import { test } from 'node:test';
import { category, product, reference } from '../fixtures/index.ts';
import { startTestEnv } from '../test-env.ts';

const id = (kind: string, index: number) => `00000000-0000-4000-${kind}-${String(index).padStart(12, '0')}`;

test('products that are synced before their categories arrive all the same: what is missing is created first, once', async () => {
  await using testEnv = await startTestEnv();
  const categories = [1, 2, 3].map((index) => category({ id: id('a000', index), name: { en: `Category ${index}` } }));
  await testEnv.addRecords('category', ...categories);
  const products = Array.from({ length: 60 }, (_, index) => {
    const categories = [reference('category', id('a000', (index % 3) + 1))];
    return product({ id: id('b000', index) }, { categories, variants: [] });
  });
  await testEnv.addRecords('product', ...products);
  const run = await testEnv.sync('products');
  assert.deepEqual([run.counts.read, run.counts.delivered, run.counts.rejected], [60, 60, 0]);
  assert.equal((await testEnv.categories()).length, 3);
  const linked = (await testEnv.items()).map((item) => JSON.stringify(item.categories));
  assert.ok(linked.every((categories) => categories.includes('a000')));
});
