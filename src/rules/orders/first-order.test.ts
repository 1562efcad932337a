import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { firstOrder } from './first-order.ts';

const at = (id: string, createdAt: string) => ({ id, createdAt });

test('the earliest order is the first, then the one with the lowest id', () => {
  const early = '2026-03-14T10:00:00.000Z';
  const late = '2026-03-14T10:00:00.001Z';
  assert.equal(firstOrder([at('a', late), at('c', early), at('b', early)])?.id, 'b');
  assert.equal(firstOrder([]), undefined);
});

test('the sequence of the orders does not matter', () => {
  const order = fc.record({
    id: fc.uuid(),
    createdAt: fc.constantFrom('2026-03-14T10:00:00Z', '2026-03-15T10:00:00Z'),
  });
  const orders = fc.uniqueArray(order, { minLength: 1, selector: ({ id }) => id });
  const shuffled = orders.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  );
  fc.assert(fc.property(shuffled, ([list, other]) => assert.equal(firstOrder(list), firstOrder(other))));
});
