import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  address,
  changeDelivery,
  customer,
  delivery,
  evaluateMessage,
  evaluateRecords,
  id,
  type Json,
  lookupsIn,
  mappedOutput,
  reference,
  run,
  settings,
  skipReason,
} from '../../../test/fixtures/index.ts';
import type { ProfileChange } from '../../klaviyo/change.ts';
import type { RuleOutput } from '../types.ts';

const updated = changeDelivery('ResourceUpdated', reference('customer', id('c1')));

function profileIn({ changes: [change] }: RuleOutput): ProfileChange {
  if (change?.type !== 'profile') throw new Error('no profile was written');
  return change;
}

async function evaluate(overrides: Json, set: Json = {}, others: Json[] = []): Promise<RuleOutput> {
  const lookups = lookupsIn({ customers: [customer(overrides), ...others] });
  return mappedOutput(await evaluateMessage(updated, { rule: 'profile', lookups, settings: settings(set) }));
}

const profileOf = async (overrides: Json = {}, set: Json = {}) => profileIn(await evaluate(overrides, set)).profile;

test('a profile has names, phone, location, locale and custom fields', async () => {
  assert.deepEqual(await profileOf(), {
    email: 'Mia.Keller@example.com',
    external_id: id('c1'),
    first_name: 'Mia',
    last_name: 'Keller',
    title: 'Dr.',
    organization: 'Keller GmbH',
    phone_number: '+4915123456789',
    locale: 'de-DE',
    location: {
      address1: '4. OG, Hinterhaus, 12, Torstraße',
      address2: 'bei Schmidt',
      city: 'Berlin',
      country: 'DE',
      region: 'BE',
      zip: '10119',
    },
    properties: { loyaltyTier: 'gold', newsletter: false, points: 0 },
  });
});

test('the current customer is sent, not the one embedded in an old message', async () => {
  const old = delivery('CustomerCreated', reference('customer', id('c1')), {
    customer: customer({ firstName: 'Old' }),
  });
  const lookups = lookupsIn({ customers: [customer({ firstName: 'New' })] });
  const { profile } = profileIn(mappedOutput(await evaluateMessage(old, { rule: 'profile', lookups })));
  assert.equal(profile.first_name, 'New');
});

test('a deleted customer is skipped, and so is one without e-mail', async () => {
  assert.equal(
    skipReason(await evaluateMessage(updated, { rule: 'profile', lookups: lookupsIn({}) })),
    'the customer no longer exists',
  );
  assert.deepEqual((await evaluate({ email: '' })).skips, ['the customer has no e-mail']);
});

test('a customer without an address is sent without location and phone', async () => {
  const profile = await profileOf({ addresses: [], defaultBillingAddressId: undefined, billingAddressIds: [] });
  assert.equal(profile.email, 'Mia.Keller@example.com');
  assert.ok(!('location' in profile) && !('phone_number' in profile));
});

test('an invalid phone number is left out, with a warning that does not contain it', async () => {
  const output = await evaluate({ addresses: [address({ mobile: '12 call me', phone: undefined })] });
  assert.ok(!('phone_number' in profileIn(output).profile));
  assert.deepEqual(
    output.warnings.map(({ code }) => code),
    ['invalid_phone'],
  );
  assert.doesNotMatch(JSON.stringify(output.warnings), /call me/);
});

test('empty names are unchanged in Klaviyo, or cleared if the settings say so', async () => {
  const empty = { firstName: '', companyName: undefined };
  const left = await profileOf(empty);
  assert.ok(!('first_name' in left) && !('organization' in left));
  const cleared = await profileOf(empty, { customer: { clearEmpty: true } });
  assert.deepEqual([cleared.first_name, cleared.organization, cleared.last_name], [null, null, 'Keller']);
});

test('custom fields are filtered by the settings', async () => {
  const filter = { exclude: ['points'], map: { loyaltyTier: 'Tier' } };
  const { properties } = await profileOf({}, { customer: { customFields: { properties: filter } } });
  assert.deepEqual(properties, { Tier: 'gold', newsletter: false });
});

test('the settings choose how conflicting identities are resolved', async () => {
  const set = { customer: { identityConflict: 'merge', deduplication: { enabled: true } } };
  const { identityConflict, emailFirst } = profileIn(await evaluate({}, set));
  assert.deepEqual([identityConflict, emailFirst], ['merge', true]);
});

test("of two customers with one e-mail the older one sets the profile's id, whichever is evaluated", async () => {
  const stores = [{ typeId: 'store', key: 'berlin' }];
  const mine = { stores, createdAt: '2026-03-14T10:00:00.000Z' };
  const older = customer({
    id: id('c9'),
    email: 'mia.keller@EXAMPLE.com',
    stores,
    createdAt: '2024-01-01T00:00:00.000Z',
  });
  const output = await evaluate(mine, {}, [older]);
  assert.equal(profileIn(output).profile.external_id, undefined);
  assert.equal(profileIn(output).profile.email, 'Mia.Keller@example.com', 'in its original spelling');
  assert.deepEqual(
    output.warnings.map(({ code }) => code),
    ['shared_email'],
  );
  const lookups = lookupsIn({ customers: [customer(mine), older] });
  const inBulk = await evaluateRecords([older], { rule: 'profile', lookups, cause: run });
  assert.equal(profileIn(mappedOutput(inBulk)).profile.external_id, id('c9'));
});

test('of customers created at the same time the lowest id wins', async () => {
  const stores = [{ typeId: 'store', key: 'berlin' }];
  const output = await evaluate({ stores }, {}, [customer({ id: id('c0'), stores })]);
  assert.equal(profileIn(output).profile.external_id, undefined);
});

test('custom fields beyond the size limit of a profile are cut, with a warning', async () => {
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 'x'.repeat(500)]));
  const output = await evaluate({ custom: { fields } });
  assert.ok(Buffer.byteLength(JSON.stringify(profileIn(output).profile)) <= 100_000);
  assert.deepEqual(
    output.warnings.map(({ code }) => code),
    ['properties_cut'],
  );
});
