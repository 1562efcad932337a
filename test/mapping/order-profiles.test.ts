/** The profile that an order's events belong to, with every answer that Klaviyo might give to conflicting identifiers. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type KlaviyoBehaviours, klaviyoVariants } from '../../sandbox/klaviyo/behaviours.ts';
import { createCommercetoolsClient } from '../../src/commercetools/client.ts';
import { createObjectsApi } from '../../src/commercetools/objects-api.ts';
import { readConfig } from '../../src/config/config.ts';
import { createApiFindings, profileIdAccepted, profileIdFinding } from '../../src/engine/api-findings.ts';
import { createCustomObjectsStore } from '../../src/store/custom-objects.ts';
import { type Json, now, reference } from '../fixtures/index.ts';
import { writeAsOther } from '../other-app.ts';
import type { TestEnvOptions } from '../test-env.ts';
import { type Made, newCustomer, newOrder, type OrderShop, startOrderShop } from './order-fixture.ts';

const behaviours: Partial<KlaviyoBehaviours>[] = klaviyoVariants.multipleEmails.flatMap((multipleEmails) =>
  klaviyoVariants.eventOfTwoProfiles.map((eventOfTwoProfiles) => ({ multipleEmails, eventOfTwoProfiles })),
);
const nameOf = (each: Partial<KlaviyoBehaviours>) => Object.values(each).join(', ');
/** `byId`: a live check has found that events by Klaviyo's own profile id are accepted. */
const variants = [
  ...[...behaviours, { eventFilters: 'time-alone' } as const].map((klaviyo) => ({ klaviyo, byId: false })),
  ...behaviours.slice(0, 1).map((klaviyo) => ({ klaviyo, byId: true })),
];

/** Stores the finding, and lets the service read it. */
async function acceptEventsById({ testEnv, sendMessage, reasons }: OrderShop): Promise<void> {
  const { commercetools, klaviyo } = readConfig(testEnv.env);
  const store = createCustomObjectsStore(createObjectsApi(createCommercetoolsClient(commercetools)));
  await createApiFindings(store, klaviyo.key, () => now).write({ [profileIdFinding]: { value: profileIdAccepted } });
  const order = newOrder({ customerId: randomUUID() });
  assert.equal(await sendMessage('OrderCreated', order.ref, { order: order.record }), 204, reasons(order).join());
}

/** An order of the customer, at another e-mail if one is given. */
function orderOf(customer: Made, overrides: Json = {}): Made {
  return newOrder({ customerId: customer.id, customerEmail: customer.email, ...overrides });
}

function withRecord(made: Made, overrides: Json): Made {
  return { ...made, record: { ...made.record, ...overrides } };
}

const otherEmail = () => `other.${randomUUID()}@example.com`;

async function place(shop: OrderShop, order: Made): Promise<void> {
  await shop.addRecords(order);
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 204);
}

for (const { klaviyo, byId } of variants) {
  describe(`Klaviyo: ${nameOf(klaviyo)}${byId ? ', events by profile id' : ''}`, { concurrency: false }, () => {
    let shop: OrderShop;
    before(async () => {
      shop = await startOrderShop({ klaviyo });
      if (byId) await acceptEventsById(shop);
    });
    after(() => shop.stop());

    /** Sends the order's shipment, in realtime and then in bulk. @returns ids of the profiles with events of the order */
    async function shipAndSync(order: Made): Promise<string[]> {
      await shop.addRecords(withRecord(order, { orderState: 'Complete' }));
      assert.equal(await shop.sendMessage('OrderStateChanged', order.ref, { orderState: 'Complete' }), 204);
      const { counts } = await shop.sync('orders', [order]);
      assert.deepEqual([counts.delivered, counts.rejected], [1, 0]);
      const events = await shop.events({ unique_id: order.id });
      assert.deepEqual(events.map(({ metric }) => metric).toSorted(), ['Fulfilled Order', 'Placed Order']);
      return [...new Set(events.map(({ profile }) => profile.id))];
    }

    test('a guest: its e-mail alone', async () => {
      const order = newOrder();
      await place(shop, order);
      const [profile] = await shipAndSync(order);
      assert.equal(profile, (await shop.profile(order.email)).id);
    });

    test('an order before CustomerCreated: the profile gets both identifiers', async () => {
      const customer = newCustomer();
      const order = orderOf(customer);
      await shop.addRecords(customer);
      await place(shop, order);
      assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
      const { id } = await shop.profile(customer.id);
      assert.deepEqual(await shipAndSync(order), [id]);
      assert.equal((await shop.profile(customer.id)).email?.toLowerCase(), customer.email.toLowerCase());
    });

    test('a newsletter profile without id is not given one by an order', async () => {
      const customer = newCustomer();
      const order = orderOf(customer);
      await shop.addRecords(customer);
      const id = await shop.known({ email: customer.email });
      await place(shop, order);
      assert.deepEqual(await shipAndSync(order), [id]);
      assert.equal((await shop.profile(customer.email)).external_id, undefined);
    });

    test('another e-mail at checkout becomes OrderEmail, and nobody’s e-mail', async () => {
      const customer = newCustomer();
      const email = otherEmail();
      const order = orderOf(customer, { customerEmail: email });
      await shop.addRecords(customer);
      assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
      await place(shop, order);
      const { id } = await shop.profile(customer.id);
      assert.deepEqual(await shipAndSync(order), [id]);
      assert.equal((await shop.profile(customer.id)).email, customer.email);
      assert.equal((await shop.profiles()).filter((profile) => profile.email === email).length, 0);
      assert.equal((await shop.event('Placed Order', order.id)).properties.OrderEmail, email);
    });

    test('another e-mail that belongs to somebody else: that person gets nothing', async () => {
      const customer = newCustomer();
      const email = otherEmail();
      await shop.known({ email });
      await shop.addRecords(customer);
      const order = orderOf(customer, { customerEmail: email });
      await place(shop, order);
      const { id } = await shop.profile(customer.id);
      assert.deepEqual(await shipAndSync(order), [id]);
      assert.deepEqual(await shop.events({ profile: email }), []);
    });

    for (const isTaken of [false, true])
      test(`the e-mail changes before the shipment${isTaken ? ', to one that another profile has' : ''}`, async () => {
        const customer = newCustomer();
        const order = orderOf(customer);
        await shop.addRecords(customer);
        assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
        await place(shop, order);
        const placedOn = (await shop.event('Placed Order', order.id)).profile.id;
        const email = otherEmail();
        if (isTaken) await shop.known({ email });
        await shop.addRecords(withRecord(customer, { email, version: 5 }));
        assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
        assert.deepEqual(await shipAndSync(order), [placedOn]);
        const after = (await shop.profiles()).find(({ id }) => id === placedOn);
        assert.equal(after?.email, isTaken ? customer.email : email);
        const { properties } = await shop.event('Fulfilled Order', order.id);
        assert.equal(properties.OrderEmail, customer.email);
      });

    for (const isSame of [true, false])
      for (const anonymousId of ['kept', undefined])
        for (const hasMessage of [true, false]) {
          const how = `${isSame ? 'the same' : 'another'} e-mail, anonymousId ${anonymousId ?? 'cleared'}`;
          test(`a claimed order: ${how}, ${hasMessage ? 'with' : 'without'} the message`, async () => {
            const customer = newCustomer();
            const guest = newOrder({ ...(isSame ? { customerEmail: customer.email } : {}), anonymousId });
            await place(shop, guest);
            const placedOn = (await shop.event('Placed Order', guest.id)).profile.id;
            await shop.addRecords(customer);
            assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
            const claimed = withRecord(guest, { customerId: customer.id });
            await shop.addRecords(claimed);
            if (hasMessage)
              assert.equal(
                await shop.sendMessage('OrderCustomerSet', guest.ref, { customer: reference('customer', customer.id) }),
                204,
              );
            assert.deepEqual(await shipAndSync(claimed), [placedOn]);
          });
        }

    test('a deleted customer: its profile, and without one the e-mail alone', async () => {
      const customer = newCustomer();
      const id = await shop.known({ email: customer.email, external_id: customer.id });
      const order = orderOf(customer);
      await place(shop, order);
      assert.deepEqual(await shipAndSync(order), [id]);
      const unknown = orderOf(newCustomer());
      await place(shop, unknown);
      assert.equal((await shop.event('Placed Order', unknown.id)).profile.external_id, null);
    });

    test('two customers of stores with one e-mail: the younger one is sent without its id', async () => {
      const stores = [{ typeId: 'store', key: 'berlin' }];
      const older = newCustomer({ stores, createdAt: '2024-01-01T00:00:00.000Z' });
      const younger = newCustomer({ stores, email: older.email, createdAt: '2025-01-01T00:00:00.000Z' });
      await shop.addRecords(older, younger);
      const order = orderOf(younger, { customerEmail: older.email });
      await place(shop, order);
      const [profile] = await shipAndSync(order);
      assert.equal(profile, (await shop.profile(older.email)).id);
      assert.equal((await shop.profile(older.email)).external_id, undefined);
    });

    test('first in bulk, replayed later: still one Placed Order', async () => {
      const customer = newCustomer();
      const order = orderOf(customer, { customerEmail: otherEmail() });
      await shop.addRecords(customer);
      await shop.addRecords(order);
      await shop.sync('orders', [order]);
      await place(shop, order);
      assert.equal((await shop.events({ metric: 'Placed Order', unique_id: order.id })).length, 1);
      assert.equal((await shipAndSync(order)).length, 1);
    });
  });
}

test('a profile is found by its further e-mails', async () => {
  await using shop = await startOrderShop({ klaviyo: { multipleEmails: 'on' } });
  const customer = newCustomer();
  await shop.addRecords(customer);
  const id = await shop.known({ email: customer.email });
  const first = otherEmail();
  const changed = { type: 'profile', id, attributes: { email: first } };
  await writeAsOther(shop.testEnv.klaviyo.url, `/api/profiles/${id}`, changed);
  const order = orderOf(customer);
  await place(shop, order);
  assert.equal((await shop.event('Placed Order', order.id)).profile.id, id);
  assert.deepEqual(
    (await shop.profiles()).map(({ email }) => email),
    [first],
  );
});

test('an invalid e-mail of the account: the profile with the id, else a dead letter and no profile without e-mail', async () => {
  await using shop = await startOrderShop();
  const known = newCustomer({ email: 'no e-mail at all' });
  const unknown = newCustomer({ email: 'no e-mail either' });
  await shop.addRecords(known, unknown);
  const id = await shop.known({ external_id: known.id, email: otherEmail() });
  const order = orderOf(known);
  await place(shop, order);
  assert.equal((await shop.event('Placed Order', order.id)).profile.id, id);
  const lost = orderOf(unknown);
  assert.equal(await shop.sendMessage('OrderCreated', lost.ref, { order: lost.record }), 202);
  assert.notDeepEqual(shop.rejectionCodes(lost), []);
  assert.equal((await shop.profiles()).length, 1);
});

test('without view_customers, or without profiles:read: the e-mail alone, with a warning', async () => {
  const limited: TestEnvOptions[] = [
    { commercetools: { scopes: ['view_orders', 'view_products', 'view_categories'] } },
    { klaviyo: { missingScopes: ['profiles:read'] } },
  ];
  for (const options of limited) {
    await using shop = await startOrderShop(options);
    const customer = newCustomer();
    await shop.addRecords(customer);
    const order = orderOf(customer);
    await place(shop, order);
    const { profile } = await shop.event('Placed Order', order.id);
    assert.deepEqual([profile.email, profile.external_id], [order.email, null]);
    assert.match(shop.warnings(order).join(), /view_customers or profiles:read/);
  }
});

test('without events:read: the customer’s profile, with one warning', async () => {
  await using shop = await startOrderShop({ klaviyo: { missingScopes: ['events:read'] } });
  const customer = newCustomer();
  await shop.addRecords(customer);
  for (const email of [otherEmail(), otherEmail()]) {
    await shop.known({ email });
    await place(shop, orderOf(customer, { customerEmail: email }));
  }
  const warnings = shop.testEnv.logged.filter((line) => line.includes('events:read or metrics:read'));
  assert.equal(warnings.length, 1);
});

test('a lookup that failed is no "none": the order comes again', async () => {
  await using shop = await startOrderShop();
  const customer = newCustomer();
  await shop.addRecords(customer);
  const order = orderOf(customer);
  const fault = await shop.injectFault({ kind: 'status', status: 503, path: '/shop/customers' });
  assert.equal(await shop.sendMessage('OrderCreated', order.ref, { order: order.record }), 503);
  await fault.clear();
  await place(shop, order);
  assert.equal((await shop.event('Placed Order', order.id)).profile.external_id, customer.id);
});

test("order.identity: order sends the order's own pair", async () => {
  await using shop = await startOrderShop({ settings: { order: { identity: 'order' } } });
  const customer = newCustomer();
  await shop.addRecords(customer);
  const order = orderOf(customer, { customerEmail: otherEmail() });
  await place(shop, order);
  const { profile, properties } = await shop.event('Placed Order', order.id);
  assert.deepEqual([profile.email, profile.external_id], [order.email, customer.id]);
  assert.equal('OrderEmail' in properties, false);
});

test('OrderEmail obeys the filter of the order', async () => {
  for (const filter of [{ exclude: ['customerEmail'] }, { exclude: ['OrderEmail'] }, { include: ['orderNumber'] }]) {
    await using shop = await startOrderShop({ settings: { order: { properties: filter } } });
    const customer = newCustomer();
    await shop.addRecords(customer);
    const order = orderOf(customer, { customerEmail: otherEmail() });
    await place(shop, order);
    assert.equal('OrderEmail' in (await shop.event('Placed Order', order.id)).properties, false);
  }
});

describe('the address of an order', () => {
  const city = async (shop: OrderShop, who: string) => (await shop.profile(who)).location.city;
  const billing = (name: string) => ({ country: 'DE', city: name, streetName: 'Weg', postalCode: '12345' });

  test('a customer with an address keeps it; one without gets that of the order', async () => {
    await using shop = await startOrderShop();
    const settled = newCustomer();
    const homeless = newCustomer({ addresses: [], defaultBillingAddressId: undefined, billingAddressIds: [] });
    await shop.addRecords(settled, homeless);
    for (const customer of [settled, homeless]) {
      assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
      await place(shop, orderOf(customer, { billingAddress: billing('Kiel') }));
    }
    assert.equal(await city(shop, settled.id), 'Berlin');
    assert.equal(await city(shop, homeless.id), 'Kiel');
  });

  test('an old order of a guest gives none in realtime', async () => {
    await using shop = await startOrderShop();
    const day = 86_400_000;
    const createdAt = new Date(now.getTime() - 8 * day).toISOString();
    const order = newOrder({ createdAt, billingAddress: billing('Kiel') });
    await place(shop, order);
    assert.notEqual(await city(shop, order.email), 'Kiel');
  });

  test("in bulk the newest order of a body gives a guest's profile an address that has none", async () => {
    await using shop = await startOrderShop();
    const guest = { customerEmail: otherEmail() };
    const orders = ['2026-01-01', '2026-03-01', '2026-02-01'].map((date, index) =>
      newOrder({ ...guest, createdAt: `${date}T00:00:00.000Z`, billingAddress: billing(`City ${index}`) }),
    );
    const known = newOrder({ billingAddress: billing('Kiel') });
    await shop.known({ email: known.email, location: { city: 'Bonn' } });
    const [first] = orders;
    if (!first) throw new Error('no order');
    await shop.addRecords(known, ...orders);
    await shop.sync('orders', [known, ...orders]);
    assert.equal(await city(shop, known.email), 'Bonn');
    assert.equal(await city(shop, guest.customerEmail), 'City 1');
    const later = newOrder({ ...guest, createdAt: '2026-03-10T00:00:00.000Z', billingAddress: billing('Later') });
    await shop.addRecords(later);
    await shop.sync('orders', [later]);
    assert.equal(await city(shop, guest.customerEmail), 'City 1');
  });

  test('order.profileLocation: never gives none', async () => {
    await using shop = await startOrderShop({ settings: { order: { profileLocation: 'never' } } });
    const order = newOrder({ billingAddress: billing('Kiel') });
    await shop.addRecords(order);
    await shop.sync('orders', [order]);
    assert.notEqual(await city(shop, order.email), 'Kiel');
  });
});
