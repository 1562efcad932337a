/** Tests Started Checkout: when a checkout counts as started, and when it counts again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cart,
  cartLine,
  categories,
  customer,
  evaluateRecords,
  id,
  type Json,
  lookupsIn,
  mappedOutput,
  product,
  reference,
  settings,
} from '../../../test/fixtures/index.ts';
import type { EventChange } from '../../klaviyo/change.ts';

const lookups = lookupsIn({ products: [product()], categories: categories(), customers: [customer()] });
const ofCustomer = { customerId: id('c1'), customerEmail: undefined };

async function started(overrides: Json, startedCheckout: Json = {}): Promise<EventChange | undefined> {
  const options = {
    rule: 'started-checkout',
    lookups,
    settings: settings({ carts: { enabled: true, startedCheckout } }),
  };
  const { changes, skips } = mappedOutput(
    await evaluateRecords([cart(overrides)], { ...options, cause: { type: 'watch' } }),
  );
  const [change, ...others] = changes;
  assert.equal(others.length, 0);
  if (change === undefined) assert.deepEqual(skips, ['the checkout has not started (carts.startedCheckout.when)']);
  return change?.type === 'event' ? change : undefined;
}

test('a checkout starts when the cart shows one of the conditions', async () => {
  const street = { streetName: 'Hauptstr.', country: 'DE' };
  const conditions: [Json, boolean][] = [
    [{}, true],
    [ofCustomer, false],
    [{ ...ofCustomer, shippingAddress: { country: 'DE', postalCode: '10115' } }, false],
    [{ ...ofCustomer, shippingAddress: street }, true],
    [{ ...ofCustomer, billingAddress: { lastName: 'Keller', postalCode: '10115' } }, true],
    [{ ...ofCustomer, shippingInfo: { shippingMethodName: 'DHL' } }, true],
    [{ ...ofCustomer, paymentInfo: { payments: [reference('payment', id('fa1'))] } }, true],
    [{ ...ofCustomer, cartState: 'Frozen' }, false],
  ];
  for (const [overrides, expected] of conditions)
    assert.equal((await started(overrides)) !== undefined, expected, JSON.stringify(overrides));
});

test('the conditions are those of the settings', async () => {
  const custom = { type: reference('type', id('f2')), fields: { inCheckout: true } };
  assert.equal(await started({}, { when: ['frozen'] }), undefined);
  assert.ok(await started({ cartState: 'Frozen' }, { when: ['frozen'] }));
  assert.equal(await started({}, { when: ['field:inCheckout'] }), undefined);
  assert.ok(await started({ custom }, { when: ['field:inCheckout'] }));
});

test('it is the total of the cart at its last change, with the names of the guide', async () => {
  const event = await started({});
  assert.deepEqual([event?.metric, event?.value, event?.time], ['Started Checkout', 119.8, '2026-03-16T11:30:00.000Z']);
  assert.deepEqual(Object.keys(event?.properties ?? {}).toSorted(), ['Categories', 'ItemNames', 'Items']);
});

test('it counts again when line items or quantities changed, and not when an address did', async () => {
  const second = cartLine({ id: id('22') });
  const ids = await Promise.all(
    [
      {},
      { shippingAddress: { streetName: 'Hauptstr.' }, lastModifiedAt: '2026-03-16T11:45:00.000Z' },
      { lineItems: [cartLine(), second] },
      { lineItems: [second, cartLine()] },
      { lineItems: [cartLine({ quantity: 3 })] },
      { lineItems: [cartLine(), cartLine({ id: id('33'), lineItemMode: 'GiftLineItem' })] },
    ].map(async (overrides) => (await started(overrides))?.uniqueId),
  );
  const [first, address, added, reordered, more, gift] = ids;
  assert.match(first ?? '', new RegExp(`^${id('ca47')}:[0-9a-f]{12}$`));
  assert.deepEqual([address, reordered, gift], [first, added, first]);
  assert.equal(new Set([first, added, more]).size, 3);
});

test('it counts once with again: never', async () => {
  const never = { again: 'never' };
  const events = await Promise.all([started({}, never), started({ lineItems: [cartLine({ quantity: 3 })] }, never)]);
  assert.deepEqual(
    events.map((event) => event?.uniqueId),
    [id('ca47'), id('ca47')],
  );
});
