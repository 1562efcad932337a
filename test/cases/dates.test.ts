/** Cases about dates: an imported order counts at its own date. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { runCase } from './run-case.ts';

const dated = z.object({ metric: z.string(), unique_id: z.string(), time: z.string(), backfill: z.boolean() });

test('05: an imported order has its own date and triggers no flows', async () => {
  await using result = await runCase('05-imported-order-wakes-flows');
  const events = z.array(dated).parse(await result.testEnv.events());
  assert.deepEqual(
    events.map(({ metric, time, backfill }) => [metric, new Date(time).toISOString(), backfill]).sort(),
    [
      ['Ordered Product', '2021-05-04T10:00:00.000Z', true],
      ['Placed Order', '2021-05-04T10:00:00.000Z', true],
    ],
  );
});

test('06: imported history is placed at its own date, never after it was fulfilled', async () => {
  await using result = await runCase('06-imported-history-fulfilled-before-placed');
  const events = z.array(dated).parse(await result.testEnv.events());
  const timesOf = (name: string) =>
    events
      .filter(({ metric }) => metric === name)
      .map(({ unique_id, time }) => [unique_id, new Date(time).toISOString()])
      .sort();
  const own = [
    ['order-2018', '2018-06-01T12:00:00.000Z'],
    ['order-2023', '2023-06-01T12:00:00.000Z'],
  ];
  assert.deepEqual(timesOf('Placed Order'), own);
  assert.deepEqual(timesOf('Fulfilled Order'), own);
});
