/** Tests which fields of a customer become profile properties, under which names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  customer,
  evaluateRecords,
  id,
  type Json,
  lookupsIn,
  mappedOutput,
  reference,
  run,
  type Shop,
  settings,
} from '../../../test/fixtures/index.ts';
import { customerFieldNames } from '../customer-field-names.ts';

const associate = String(customer().id);
const shop: Shop = {
  names: { [`customer-group ${id('91')}`]: 'VIP', [`customer-group ${id('92')}`]: 'Staff' },
  stores: [
    { id: id('51'), key: 'berlin', name: { de: 'Laden Berlin', en: 'Store Berlin' } },
    { id: id('52'), key: 'paris' },
  ],
  businessUnits: [
    { id: id('61'), name: 'Works', associates: [{ customer: reference('customer', associate) }] },
    { id: id('62'), name: 'Acme', associates: [{ customer: reference('customer', associate) }] },
    { id: id('63'), name: 'Others', associates: [{ customer: reference('customer', id('99')) }] },
  ],
};
const assigned = (end: string) => ({ customerGroup: reference('customer-group', id(end)) });
const member: Json = {
  customerGroup: reference('customer-group', id('91')),
  customerGroupAssignments: [assigned('91'), assigned('92')],
  stores: ['berlin', 'paris'].map((key) => ({ typeId: 'store', key })),
  dateOfBirth: '1990-04-01',
  salutation: 'Frau',
  isEmailVerified: false,
};

async function evaluate(overrides: Json, fields: Json, known: Shop = shop) {
  const lookups = lookupsIn(known);
  const set = settings({ customer: { fields } }, { preferredLocale: 'en' });
  return mappedOutput(
    await evaluateRecords([customer(overrides)], { rule: 'profile', lookups, settings: set, cause: run }),
  );
}

async function propertiesOf(overrides: Json, fields: Json = customerFieldNames): Promise<Json> {
  const { changes } = await evaluate(overrides, fields);
  const [change] = changes;
  assert.equal(change?.type, 'profile');
  return change.profile.properties ?? {};
}

const customFields = { loyaltyTier: 'gold', newsletter: false, points: 0 };

test('groups and stores are sent by name, the other fields as they are', async () => {
  assert.deepEqual(await propertiesOf(member), {
    'Customer Group': 'VIP',
    'Customer Groups': ['VIP', 'Staff'],
    Stores: ['Store Berlin', 'paris'],
    'Business Units': ['Acme', 'Works'],
    'Customer Number': 'C-1001',
    'Account Created': '2026-03-14T10:00:00.000Z',
    'Email Verified': false,
    Birthday: '1990-04-01',
    Salutation: 'Frau',
    ...customFields,
  });
});

test('by default, and with customer.fields: {}, none is sent and no name is looked up', async () => {
  const never = () => assert.fail('looked up');
  const lookups = { ...lookupsIn({}), nameOf: never, store: never, businessUnitsOf: never };
  const cause = run;
  for (const set of [{}, { customer: { fields: {} } }]) {
    const options = { rule: 'profile', lookups, settings: settings(set), cause };
    const [change] = mappedOutput(await evaluateRecords([customer(member)], options)).changes;
    assert.deepEqual(change?.type === 'profile' && change.profile.properties, customFields);
  }
});

test('null leaves one field out; a field without a value, or with a deleted group, is neither sent nor unset', async () => {
  const fields = { ...customerFieldNames, customerNumber: null, createdAt: null, isEmailVerified: null };
  assert.deepEqual(await propertiesOf({ ...member, customerGroup: undefined, salutation: '' }, fields), {
    'Customer Groups': ['VIP', 'Staff'],
    Stores: ['Store Berlin', 'paris'],
    'Business Units': ['Acme', 'Works'],
    Birthday: '1990-04-01',
    ...customFields,
  });
  const deleted = { customerGroup: reference('customer-group', id('99')) };
  assert.deepEqual(await propertiesOf(deleted, { ...fields, businessUnits: null }), customFields);
});

test('a custom field with the same name wins', async () => {
  const properties = await propertiesOf(member, { ...customerFieldNames, salutation: 'loyaltyTier' });
  assert.equal(properties.loyaltyTier, 'gold');
});

test('without view_stores keys are sent, with one warning', async () => {
  const { changes, warnings } = await evaluate(member, { stores: 'Stores' }, { stores: 'forbidden' });
  const [change] = changes;
  assert.deepEqual(change?.type === 'profile' && change.profile.properties?.Stores, ['berlin', 'paris']);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['store-names-unreadable'],
  );
});

test('without view_business_units none is sent, with one warning', async () => {
  const { changes, warnings } = await evaluate(
    member,
    { businessUnits: 'Business Units' },
    { businessUnits: 'forbidden' },
  );
  const [change] = changes;
  assert.deepEqual(change?.type === 'profile' && change.profile.properties, customFields);
  assert.deepEqual(
    warnings.map(({ code }) => code),
    ['business-units-unreadable'],
  );
});

test('with customer.clearInBulk a field is not remembered as one to unset', async () => {
  const set = settings({ customer: { fields: { salutation: 'Salutation' }, clearInBulk: true } });
  const options = { rule: 'profile', lookups: lookupsIn(shop), settings: set, cause: run };
  const [change] = mappedOutput(await evaluateRecords([customer(member)], options)).changes;
  assert.ok(change?.type === 'profile');
  assert.deepEqual([change.writtenNames, change.unlistedNames], ['unset', ['Salutation']]);
});
