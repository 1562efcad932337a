/** Customer creation and update: what a merchant sees on the profile. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { address, type Json } from '../fixtures/index.ts';
import { newAddress, newCustomer, type OrderShop, type SeenProfile, startOrderShop } from './order-fixture.ts';

let shop: OrderShop;
before(async () => {
  shop = await startOrderShop();
});
after(() => shop.stop());

const house = {
  address1: '4. OG, Hinterhaus, 12, Torstraße',
  address2: 'bei Schmidt',
  city: 'Berlin',
  country: 'DE',
  region: 'BE',
  zip: '10119',
};

/** The two ways in: a message, and a bulk sync of this one customer. */
const ways = {
  realtime: async (customer: ReturnType<typeof newCustomer>) => {
    await shop.addRecords(customer);
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
  },
  bulk: async (customer: ReturnType<typeof newCustomer>) => {
    await shop.addRecords(customer);
    assert.equal((await shop.sync('customers', [customer])).state, 'completed');
  },
};

for (const [way, arrive] of Object.entries(ways)) {
  const arriving = async (overrides: Json = {}): Promise<SeenProfile> => {
    const customer = newCustomer(overrides);
    await arrive(customer);
    return shop.profile(customer.email);
  };

  describe(`a customer in ${way}`, () => {
    test('id → external_id, email, firstName, lastName, title, companyName → organization, address → location, custom → properties', async () => {
      const customer = newCustomer({ addresses: [address({ mobile: undefined, phone: undefined })] });
      await arrive(customer);
      const { id: _id, ...seen } = await shop.profile(customer.id);
      assert.deepEqual(seen, {
        email: customer.email,
        external_id: customer.id,
        first_name: 'Mia',
        last_name: 'Keller',
        title: 'Dr.',
        organization: 'Keller GmbH',
        locale: 'de-DE',
        location: house,
        properties: { loyaltyTier: 'gold', newsletter: false, points: 0 },
      });
    });

    test('the default billing address is the one that shows', async () => {
      const addresses = [newAddress({ id: 'a', city: 'Kiel' }), newAddress({ id: 'b', city: 'Bonn' })];
      const { location } = await arriving({ addresses, defaultBillingAddressId: 'b', billingAddressIds: ['a'] });
      assert.equal(location.city, 'Bonn');
    });

    test('without a default, the first available of billingAddressIds shows', async () => {
      const addresses = [newAddress({ id: 'a', city: 'Kiel' }), newAddress({ id: 'b', city: 'Bonn' })];
      const { location } = await arriving({ addresses, defaultBillingAddressId: undefined, billingAddressIds: ['b'] });
      assert.equal(location.city, 'Bonn');
    });

    test('without a billing address, the first of all addresses shows', async () => {
      const addresses = [newAddress({ id: 'a', city: 'Kiel' }), newAddress({ id: 'b', city: 'Bonn' })];
      const { location } = await arriving({ addresses, defaultBillingAddressId: undefined, billingAddressIds: [] });
      assert.equal(location.city, 'Kiel');
    });

    test('an id that points nowhere falls through to the next that is there', async () => {
      const addresses = [newAddress({ id: 'a', city: 'Kiel' }), newAddress({ id: 'b', city: 'Bonn' })];
      const gone = { addresses, defaultBillingAddressId: 'gone' };
      assert.equal((await arriving({ ...gone, billingAddressIds: ['gone too', 'b'] })).location.city, 'Bonn');
      assert.equal((await arriving({ ...gone, billingAddressIds: ['gone too'] })).location.city, 'Kiel');
    });

    test('a customer without an address arrives all the same', async () => {
      const seen = await arriving({ addresses: [], defaultBillingAddressId: undefined, billingAddressIds: [] });
      assert.deepEqual(seen.location, {});
      assert.equal(seen.phone_number, undefined);
    });

    test('half an old address never stays: what the new one lacks is emptied', async () => {
      const customer = newCustomer();
      await arrive(customer);
      const moved = { ...customer.record, addresses: [{ id: 'adrBill1', city: 'Wien', country: 'AT' }] };
      await arrive({ ...customer, record: moved });
      const expected = { address1: '', address2: '', city: 'Wien', country: 'AT', region: '', zip: '' };
      assert.deepEqual((await shop.profile(customer.id)).location, expected);
    });

    test('no address: the place that Klaviyo knows is left alone', async () => {
      const customer = newCustomer();
      await arrive(customer);
      const none = { addresses: [], defaultBillingAddressId: undefined, billingAddressIds: [] };
      await arrive({ ...customer, record: { ...customer.record, ...none } });
      assert.deepEqual((await shop.profile(customer.id)).location, house);
    });

    test('name fields that are empty in commercetools are left alone', async () => {
      const customer = newCustomer();
      await arrive(customer);
      const empty = { firstName: '', lastName: undefined, title: ' ', companyName: undefined };
      await arrive({ ...customer, record: { ...customer.record, ...empty } });
      const { first_name, last_name, title, organization } = await shop.profile(customer.id);
      assert.deepEqual([first_name, last_name, title, organization], ['Mia', 'Keller', 'Dr.', 'Keller GmbH']);
    });

    test('locale goes along when it is a full tag, and only then', async () => {
      assert.equal((await arriving({ locale: 'fr_CA' })).locale, 'fr-CA');
      assert.equal((await arriving({ locale: 'fr' })).locale, undefined);
    });

    test('additionalStreetInfo, additionalAddressInfo → location.address2', async () => {
      const home = newAddress({ additionalAddressInfo: '2. Hof', apartment: undefined, building: '' });
      const { location } = await arriving({ addresses: [home] });
      assert.deepEqual([location.address1, location.address2], ['12, Torstraße', 'bei Schmidt, 2. Hof']);
    });
  });
}

describe('what a message about a customer leads to', () => {
  test('payloadNotIncluded: the customer is read from commercetools', async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    assert.equal(await shop.sendWithoutPayload('CustomerCreated', customer.ref), 204);
    assert.equal((await shop.profile(customer.id)).email, customer.email);
  });

  test('no e-mail: the event is ignored, with the reason', async () => {
    const customer = newCustomer({ email: undefined });
    await shop.addRecords(customer);
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
    assert.deepEqual(shop.reasons(customer), ['the customer has no e-mail']);
    assert.ok((await shop.profiles()).every(({ external_id }) => external_id !== customer.id));
    const { state, counts } = await shop.sync('customers', [customer]);
    assert.deepEqual([state, counts.skipped, counts.reasons], ['completed', 1, { 'the customer has no e-mail': 1 }]);
  });

  test('Customer > ResourceUpdated: the profile is updated', async () => {
    const customer = newCustomer();
    await ways.realtime(customer);
    await shop.addRecords({ ...customer, record: { ...customer.record, firstName: 'Maria' } });
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
    assert.equal((await shop.profile(customer.id)).first_name, 'Maria');
  });

  test("if the queried profile doesn't exist in Klaviyo then it is created", async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
    assert.equal((await shop.profile(customer.id)).email, customer.email);
  });

  test('ResourceCreated triggers no rule, so that CustomerCreated can be disabled', async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    assert.equal(await shop.sendChange('ResourceCreated', customer.ref), 204);
    assert.ok((await shop.profiles()).every(({ external_id }) => external_id !== customer.id));
  });

  test('a late message brings nothing old back: always the current customer is written', async () => {
    const customer = newCustomer({ firstName: 'Maria' });
    await shop.addRecords(customer);
    const late = { ...customer.record, firstName: 'Mia' };
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: late }), 204);
    assert.equal((await shop.profile(customer.id)).first_name, 'Maria');
  });

  test('a customer that is gone when fetched is skipped with the reason', async () => {
    const customer = newCustomer();
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
    assert.deepEqual(shop.reasons(customer), ['the customer no longer exists']);
  });

  test('a customer who changed the e-mail keeps the profile', async () => {
    const customer = newCustomer();
    await ways.realtime(customer);
    const { id } = await shop.profile(customer.id);
    await shop.addRecords({ ...customer, record: { ...customer.record, email: `new.${customer.id}@example.com` } });
    assert.equal(await shop.sendChange('ResourceUpdated', customer.ref), 204);
    const seen = await shop.profile(`new.${customer.id}@example.com`);
    assert.deepEqual([seen.id, seen.external_id], [id, customer.id]);
  });

  test('commercetools away: the message comes again, and nothing is taken for none', async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    const outage = await shop.injectFault({ kind: 'status', status: 502, body: '<html>', path: '^/[^/]+/customers' });
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 503);
    await outage.clear();
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
    assert.equal((await shop.profile(customer.id)).email, customer.email);
  });

  test('Klaviyo away: the message comes again, and then the profile is there', async () => {
    const customer = newCustomer();
    await shop.addRecords(customer);
    shop.testEnv.klaviyo.faults.add({ kind: 'status', status: 503, body: '<html>', path: '/api/profile' });
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 503);
    shop.testEnv.klaviyo.faults.clear();
    assert.equal(await shop.sendMessage('CustomerCreated', customer.ref, { customer: customer.record }), 204);
    assert.equal((await shop.profile(customer.id)).email, customer.email);
  });
});
