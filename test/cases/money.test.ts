/** Cases about amounts: discounts and refunds are counted as often as they happened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { runCase } from './run-case.ts';

const propertiesOf = (event: Record<string, unknown> | undefined) =>
  z.looseObject({ properties: z.record(z.string(), z.unknown()) }).parse(event).properties;

test('16: a payment of two orders refunds once, on the first order, under its id', async () => {
  await using result = await runCase('16-one-payment-two-orders');
  const refunds = await result.testEnv.events({ metric: 'Refunded Order' });
  assert.deepEqual(
    refunds.map(({ unique_id, value }) => [unique_id, value]),
    [['order-1', 40]],
  );
});

test('22: DiscountValue holds discounts of lines', async () => {
  await using result = await runCase('22-discount-on-lines');
  const [placed] = await result.testEnv.events({ metric: 'Placed Order' });
  const { DiscountCode, DiscountValue } = propertiesOf(placed);
  assert.deepEqual([DiscountCode, DiscountValue], ['SUMMER10', 20]);
});
