import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address, customer } from '../../../test/fixtures/index.ts';
import { type Customer, customerSchema } from '../../commercetools/schemas.ts';
import { klaviyoAddress, locationOf, profileAddress } from './address.ts';

const parsed = (overrides: Record<string, unknown> = {}): Customer => customerSchema.parse(customer(overrides));
const cityOf = (overrides: Record<string, unknown>) => profileAddress(parsed(overrides))?.city;

test('a profile has the default billing address', () => {
  assert.equal(cityOf({}), 'Berlin');
});

test('without a default the first billing address is used, then the first address', () => {
  assert.equal(cityOf({ defaultBillingAddressId: undefined, billingAddressIds: ['adrShip1', 'adrBill1'] }), 'Potsdam');
  assert.equal(cityOf({ defaultBillingAddressId: undefined, billingAddressIds: [] }), 'Potsdam');
});

test('an unknown address id is passed over', () => {
  assert.equal(cityOf({ defaultBillingAddressId: 'gone', billingAddressIds: ['gone', 'adrBill1'] }), 'Berlin');
  assert.equal(cityOf({ defaultBillingAddressId: 'gone', billingAddressIds: ['gone'] }), 'Potsdam');
});

test('a customer without addresses has no profile address', () => {
  assert.equal(cityOf({ addresses: [] }), undefined);
});

test('a location is complete: parts of a line are joined, and missing ones are empty text', () => {
  assert.deepEqual(locationOf(address()), {
    address1: '4. OG, Hinterhaus, 12, Torstraße',
    address2: 'bei Schmidt',
    city: 'Berlin',
    country: 'DE',
    region: 'BE',
    zip: '10119',
  });
  assert.deepEqual(locationOf({ country: 'DE', building: ' ' }), {
    ...{ address1: '', address2: '', city: '', country: 'DE', region: '', zip: '' },
  });
});

test("an order's address has Klaviyo's names without missing parts", () => {
  assert.deepEqual(klaviyoAddress(address({ lastName: '', region: undefined, state: 'NY' })), {
    FirstName: 'Mia',
    Address1: '4. OG, Hinterhaus, 12, Torstraße',
    City: 'Berlin',
    RegionCode: 'NY',
    CountryCode: 'DE',
    Zip: '10119',
    Phone: '0151 23456789',
  });
});
