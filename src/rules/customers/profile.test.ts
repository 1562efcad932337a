import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  address,
  askMessage,
  askRecords,
  changeDelivery,
  customer,
  delivery,
  id,
  type Json,
  lookIn,
  reference,
  run,
  settings,
  skippedBecause,
  written,
} from '../../../test/fixtures/index.ts';
import type { ProfileChange } from '../../klaviyo/change.ts';
import type { RuleOutput } from '../types.ts';

const updated = changeDelivery('ResourceUpdated', reference('customer', id('c1')));

function profileIn({ changes: [change] }: RuleOutput): ProfileChange {
  if (change?.type !== 'profile') throw new Error('no profile was written');
  return change;
}

async function wordOn(overrides: Json, set: Json = {}, others: Json[] = []): Promise<RuleOutput> {
  const lookups = lookIn({ customers: [customer(overrides), ...others] });
  return written(await askMessage(updated, { rule: 'profile', lookups, settings: settings(set) }));
}

const profileOf = async (overrides: Json = {}, set: Json = {}) => profileIn(await wordOn(overrides, set)).profile;

test('a customer arrives with names, phone, place, locale and custom fields', async () => {
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

test('the customer as it is now is written, not the one that an old message carries', async () => {
  const old = delivery('CustomerCreated', reference('customer', id('c1')), {
    customer: customer({ firstName: 'Old' }),
  });
  const lookups = lookIn({ customers: [customer({ firstName: 'New' })] });
  const { profile } = profileIn(written(await askMessage(old, { rule: 'profile', lookups })));
  assert.equal(profile.first_name, 'New');
});

test('a customer who is gone is skipped, and so is one without e-mail', async () => {
  assert.equal(
    skippedBecause(await askMessage(updated, { rule: 'profile', lookups: lookIn({}) })),
    'the customer no longer exists',
  );
  assert.deepEqual((await wordOn({ email: '' })).skips, ['the customer has no e-mail']);
});

test('a customer without an address still arrives', async () => {
  const profile = await profileOf({ addresses: [], defaultBillingAddressId: undefined, billingAddressIds: [] });
  assert.equal(profile.email, 'Mia.Keller@example.com');
  assert.ok(!('location' in profile) && !('phone_number' in profile));
});

test('a phone that is no number costs only itself, and the warning does not repeat it', async () => {
  const word = await wordOn({ addresses: [address({ mobile: '12 call me' })] });
  assert.ok(!('phone_number' in profileIn(word).profile));
  assert.deepEqual(
    word.warnings.map(({ code }) => code),
    ['invalid_phone'],
  );
  assert.doesNotMatch(JSON.stringify(word.warnings), /call me/);
});

test('empty names are left alone, or cleared for the merchant who wants that', async () => {
  const empty = { firstName: '', companyName: undefined };
  const left = await profileOf(empty);
  assert.ok(!('first_name' in left) && !('organization' in left));
  const cleared = await profileOf(empty, { customer: { clearEmpty: true } });
  assert.deepEqual([cleared.first_name, cleared.organization, cleared.last_name], [null, null, 'Keller']);
});

test("custom fields pass the merchant's filter", async () => {
  const filter = { exclude: ['points'], map: { loyaltyTier: 'Tier' } };
  const { properties } = await profileOf({}, { customer: { customFields: { properties: filter } } });
  assert.deepEqual(properties, { Tier: 'gold', newsletter: false });
});

test("what happens to conflicting identities is the merchant's choice", async () => {
  const set = { customer: { identityConflict: 'merge', deduplication: { enabled: true } } };
  const { identityConflict, emailFirst } = profileIn(await wordOn({}, set));
  assert.deepEqual([identityConflict, emailFirst], ['merge', true]);
});

test('of two customers with one e-mail the older gives the profile its id, whoever is asked', async () => {
  const stores = [{ typeId: 'store', key: 'berlin' }];
  const mine = { stores, createdAt: '2026-03-14T10:00:00.000Z' };
  const older = customer({
    id: id('c9'),
    email: 'mia.keller@EXAMPLE.com',
    stores,
    createdAt: '2024-01-01T00:00:00.000Z',
  });
  const word = await wordOn(mine, {}, [older]);
  assert.equal(profileIn(word).profile.external_id, undefined);
  assert.equal(profileIn(word).profile.email, 'Mia.Keller@example.com', 'in its original spelling');
  assert.deepEqual(
    word.warnings.map(({ code }) => code),
    ['shared_email'],
  );
  const lookups = lookIn({ customers: [customer(mine), older] });
  const inBulk = await askRecords([older], { rule: 'profile', lookups, cause: run });
  assert.equal(profileIn(written(inBulk)).profile.external_id, id('c9'));
});

test('of customers of the same age the lowest id counts', async () => {
  const stores = [{ typeId: 'store', key: 'berlin' }];
  const word = await wordOn({ stores }, {}, [customer({ id: id('c0'), stores })]);
  assert.equal(profileIn(word).profile.external_id, undefined);
});

test('a customer with more custom fields than a profile holds arrives without the last of them, and a warning', async () => {
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`f${index}`, 'x'.repeat(500)]));
  const word = await wordOn({ custom: { fields } });
  assert.ok(Buffer.byteLength(JSON.stringify(profileIn(word).profile)) <= 100_000);
  assert.deepEqual(
    word.warnings.map(({ code }) => code),
    ['properties_cut'],
  );
});
