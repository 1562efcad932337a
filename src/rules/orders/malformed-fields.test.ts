import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  address,
  evaluateRecords,
  id,
  type Json,
  lineItem,
  lookupsIn,
  mappedOutput,
  order,
  payment,
  product,
  reference,
  run,
} from '../../../test/fixtures/index.ts';
import type { RuleOutput } from '../types.ts';

const lookups = lookupsIn({ products: [product()], payments: [payment()], discountCodes: { [id('dc1')]: 'SPRING' } });

async function evaluate(rule: string, overrides: Json): Promise<RuleOutput> {
  return mappedOutput(await evaluateRecords([order(overrides)], { rule, lookups, cause: run }));
}

describe('an order with a malformed nested field still gives Placed Order', () => {
  for (const [field, overrides] of Object.entries<Json>({
    shippingInfo: { shippingInfo: 'DHL' },
    'shippingInfo.deliveries': { shippingInfo: { deliveries: [{ id: 'd1', createdAt: 7 }, null] } },
    shipping: { shipping: [{ shippingInfo: { deliveries: {} } }, 5] },
    billingAddress: { billingAddress: [] },
    'billingAddress.city': { billingAddress: address({ city: { de: 'Berlin' } }) },
    shippingAddress: { shippingAddress: 7 },
    discountCodes: { discountCodes: [{ discountCode: 'SPRING' }] },
    discountOnTotalPrice: { discountOnTotalPrice: { discountedAmount: 500 } },
    paymentInfo: { paymentInfo: { payments: 'none' } },
    custom: { custom: { fields: [] } },
    completedAt: { completedAt: 1_700_000_000 },
    customLineItems: { customLineItems: [{ name: 7 }, 5] },
    'lineItems.variant': { lineItems: [lineItem({ variant: null })] },
    'lineItems.totalPrice': { lineItems: [lineItem({ totalPrice: { centAmount: '1' } })] },
    'lineItems.price': { lineItems: [lineItem({ price: {} })] },
    'lineItems.productId': { lineItems: [lineItem({ productId: 7 })] },
  })) {
    test(field, async () => {
      const { changes } = await evaluate('placed-order', overrides);
      const [event] = changes;
      assert.deepEqual(event?.type === 'event' && [event.uniqueId, event.value], [id('0a'), 122.8]);
    });
  }
});

test('a malformed part of an address is left out and the rest is sent', async () => {
  const { changes } = await evaluate('placed-order', { billingAddress: address({ city: 7 }) });
  const [event] = changes;
  const sent = event?.type === 'event' ? Object(event.properties.BillingAddress) : {};
  assert.deepEqual([sent.City, sent.Zip], [undefined, '10119']);
});

for (const field of ['totalPrice', 'orderState', 'id', 'customerEmail']) {
  test(`an order with a malformed ${field} is unreadable`, async () => {
    const [evaluation] = await evaluateRecords([order({ [field]: 7 })], { rule: 'placed-order', lookups, cause: run });
    assert.equal(evaluation?.outcome === 'unreadable' && evaluation.path, field);
  });
}

for (const field of ['id', 'totalPrice']) {
  test(`Ordered Product skips a line item with a malformed ${field} and names the field`, async () => {
    const lineItems = [lineItem(), lineItem({ id: id('12'), [field]: 7 })];
    const { changes, skips } = await evaluate('ordered-product', { lineItems });
    assert.equal(changes.length, 1);
    assert.deepEqual(skips, [`lineItems.1.${field} is missing or malformed`]);
  });
}

test('Refunded Order sends the refunds of readable payments and names a malformed payment reference', async () => {
  const paymentInfo = { payments: [{ typeId: 'payment', id: 7 }, reference('payment', id('fa1'))] };
  const { changes, skips } = await evaluate('refunded-order', { paymentInfo });
  assert.deepEqual(skips, ['paymentInfo.payments.0.id is missing or malformed']);
  const [event] = changes;
  assert.equal(event?.type === 'event' && event.uniqueId, `${id('0a')}:${id('7a1')}`);
});

test('Refunded Order names a malformed list of payments', async () => {
  const { changes, skips } = await evaluate('refunded-order', { paymentInfo: { payments: 7 } });
  assert.deepEqual([changes, skips], [[], ['paymentInfo.payments.0.id is missing or malformed']]);
});
