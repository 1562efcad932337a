import assert from 'node:assert/strict';
import { test } from 'node:test';
import { caseNames, runCase } from './run-case.ts';

for (const name of caseNames)
  test(`${name}: each message is acknowledged and each sync completes`, async () => {
    await using result = await runCase(name);
    assert.deepEqual(
      result.pushes.filter((status) => status >= 300),
      [],
    );
    assert.deepEqual(
      result.runs.filter(({ state }) => state !== 'completed'),
      [],
    );
    assert.ok(result.looks.length > 0);
  });
