import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Json, order } from '../../../test/fixtures/index.ts';
import { orderSchema } from '../../commercetools/schemas.ts';
import { deliveriesOf, lastDeliveredAt } from './deliveries.ts';

const parse = (overrides: Json) => orderSchema.parse(order(overrides));
const delivery = (id: string, createdAt: string) => ({ id, createdAt, items: [], parcels: [] });
const [first, second] = [delivery('d1', '2026-03-15T10:00:00.000Z'), delivery('d2', '2026-03-15T09:00:00.000Z')];

test('deliveries are found in shipping mode Single and Multiple', () => {
  const single = parse({ shippingInfo: { deliveries: [first, second] } });
  const multiple = parse({
    shipping: [{ shippingInfo: { deliveries: [first] } }, { shippingInfo: { deliveries: [second] } }],
  });
  for (const shipped of [single, multiple]) {
    assert.deepEqual(
      deliveriesOf(shipped).map(({ id }) => id),
      ['d1', 'd2'],
    );
  }
  assert.deepEqual(deliveriesOf(parse({})), []);
});

test('the latest delivery counts, whatever its position, and an invalid time is ignored', () => {
  const invalid = delivery('d3', 'tomorrow');
  assert.equal(lastDeliveredAt(parse({ shippingInfo: { deliveries: [second, first, invalid] } })), first.createdAt);
  assert.equal(lastDeliveredAt(parse({ shippingInfo: { deliveries: [invalid] } })), undefined);
});
