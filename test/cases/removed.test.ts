/** Cases about values that were removed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCase } from './run-case.ts';

test('10: a custom field that a message says was removed is unset', async () => {
  await using result = await runCase('10-custom-field-removed');
  const propertiesAt = (index: number) => result.looks[index]?.profiles[0]?.properties;
  assert.deepEqual(propertiesAt(0), { loyaltyTier: 'gold', newsletter: true });
  assert.deepEqual(propertiesAt(1), { newsletter: true });
});
