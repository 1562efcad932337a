import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  customer,
  delivery,
  evaluateMessage,
  id,
  type Json,
  lookupsIn,
  mappedOutput,
  order,
  profilesIn,
  reference,
  settings,
  withoutPayload,
} from '../../../test/fixtures/index.ts';
import type { ProfileDetails } from '../../klaviyo/profile-details.ts';
import { renameProblem } from './email-correction.ts';

const ref = reference('order', id('0a'));
const corrected = order({ customerId: undefined, customerEmail: 'right@example.com' });
const details: ProfileDetails = {
  id: 'P1',
  created: '2026-03-14T10:00:05.000Z',
  hasExternalId: false,
  hasPhone: false,
  hasConsent: false,
  isOnList: false,
  eventIds: [id('0a')],
  hasMoreEvents: false,
};

async function evaluate(body: Json, own: Partial<ProfileDetails> = {}, set: Json = {}) {
  const profiles = {
    ...profilesIn({ id: 'P1', email: 'typo@example.com', orders: [id('0a')] }),
    details: async () => ({ ...details, ...own }),
  };
  const lookups = lookupsIn({ customers: [customer()], orders: [corrected] });
  return mappedOutput(
    await evaluateMessage(body, { rule: 'corrected-email', lookups, profiles, settings: settings(set) }),
  );
}
const message = (own: Json = {}) =>
  delivery('OrderCustomerEmailSet', ref, { email: 'right@example.com', oldEmail: 'typo@example.com', ...own });

describe('a corrected e-mail', () => {
  test('is given to the profile of the former one', async () => {
    const { changes } = await evaluate(message());
    assert.deepEqual(changes, [
      { type: 'order-profile', orderId: id('0a'), profileId: 'P1', email: 'right@example.com' },
    ]);
  });

  test('is not, with a warning: the profile is remembered for the order', async () => {
    const { changes, warnings } = await evaluate(message(), { hasPhone: true });
    assert.deepEqual(changes, [{ type: 'order-profile', orderId: id('0a'), profileId: 'P1' }]);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['email-not-corrected'],
    );
    assert.doesNotMatch(JSON.stringify(warnings), /@/);
    const off = await evaluate(message(), {}, { order: { emailCorrection: 'off' } });
    assert.deepEqual(off.changes, changes);
  });

  test('is skipped where a profile that does not have the order would get its events', async () => {
    const { skips } = await evaluate(message(), { hasPhone: true, eventIds: [] });
    assert.match(skips.join(), /does not have the order/);
  });

  test('of a profile with many events is looked up among them by its time', async () => {
    const { changes } = await evaluate(message(), { eventIds: [], hasMoreEvents: true });
    assert.deepEqual(changes, [{ type: 'order-profile', orderId: id('0a'), profileId: 'P1' }]);
  });

  test('is found by its cleaned spelling', async () => {
    const { changes } = await evaluate(message({ oldEmail: '\uFEFFtypo@example.com ' }));
    assert.equal(changes.length, 1);
    const invisible = await evaluate(message({ oldEmail: '\u200B' }));
    assert.deepEqual(invisible.skips, ['the order had no e-mail before']);
  });

  test('is skipped without a former e-mail, and without the payload', async () => {
    assert.deepEqual((await evaluate(message({ oldEmail: undefined }))).skips, ['the order had no e-mail before']);
    assert.match((await evaluate(withoutPayload('OrderCustomerEmailSet', ref))).skips.join(), /is unknown/);
  });
});

describe('the profile keeps its e-mail if', () => {
  const known = {
    ...{ profile: details, isOrderOnProfile: true },
    ...{ isNewEmailTaken: false, hasCustomer: false, hasOtherOrder: false },
  };
  const from = { id: id('0a'), createdAt: '2026-03-14T10:00:00.000Z', lineItems: [{ id: 'line-1' }] };
  const of = (profile: Partial<ProfileDetails>) => ({ ...known, profile: { ...details, ...profile } });

  const rows = {
    'another profile has the new e-mail': { ...known, isNewEmailTaken: true },
    'a customer has the former e-mail': { ...known, hasCustomer: true },
    'another order has the former e-mail': { ...known, hasOtherOrder: true },
    'the profile belongs to a customer': of({ hasExternalId: true }),
    'the profile has a phone number': of({ hasPhone: true }),
    'the profile has a consent or is suppressed': of({ hasConsent: true }),
    'the profile is on a list': of({ isOnList: true }),
    'the profile has other events': of({ eventIds: [id('0a'), undefined] }),
    'the profile is older than the order': of({ created: '2026-03-14T09:49:59.000Z' }),
  };
  for (const [reason, correction] of Object.entries(rows))
    test(reason, () => assert.equal(renameProblem(correction, from), reason));

  test('it has more events than an order has', () => {
    assert.equal(renameProblem(of({ hasMoreEvents: true }), from), 'the profile has other events');
  });

  test('nothing of it is so', () => {
    const own = of({ eventIds: [id('0a'), 'line-1', `${id('0a')}:refund`], created: '2026-03-14T09:50:00.000Z' });
    assert.equal(renameProblem(own, from), undefined);
  });
});
