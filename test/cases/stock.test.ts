/** Cases about stock. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCase } from './run-case.ts';

test('12: stock that stands in supply channels only is their sum', async () => {
  await using result = await runCase('12-stock-only-in-supply-channels');
  assert.deepEqual(
    result.looks[0]?.variants.map(({ inventory_quantity, inventory_policy }) => [inventory_quantity, inventory_policy]),
    [[42, 1]],
  );
});
