/** The table of decideProfile: every branch, from what is known to the profile or the next lookups. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OrderCustomer } from '../../commercetools/lookups/types.ts';
import type { ExistingProfile } from '../../klaviyo/existing-profiles.ts';
import { decideProfile, type KnownProfiles } from './order-profile.ts';

const customer: OrderCustomer = {
  id: 'c1',
  email: 'mia@example.com',
  createdAt: '2026-01-01T00:00:00.000Z',
  stores: [],
  hasAddress: true,
  cached: false,
};
const profile = (id: string, shown: Partial<ExistingProfile> = {}) => ({
  profile: { id, hasAddress: false, ...shown },
  cached: false,
});
const none = { profile: undefined, cached: false };
const I = profile('I', { email: 'mia@example.com', external_id: 'c1' });
/** The profile with the customer's id, which shows another e-mail than the account. */
const moved = profile('I', { email: 'former@example.com', external_id: 'c1' });
const A = profile('A', { email: 'mia@example.com' });
const O = profile('O', { email: 'office@example.com' });
const cached = <Found extends object>(found: Found) => ({ ...found, cached: true });
const holds = (...ids: string[]) => new Map(['I', 'A', 'O'].map((id) => [id, ids.includes(id)]));

const usual: KnownProfiles = {
  customerId: 'c1',
  email: 'mia@example.com',
  isCustomerSet: false,
  hasLocation: false,
  isBulk: false,
  acceptsProfileId: false,
  customer,
  byId: I,
  hasPlacedOrder: new Map(),
};
const { customer: _customer, byId: _byId, ...nothingKnown } = usual;
const differing: KnownProfiles = { ...usual, email: 'office@example.com' };

interface Row {
  known: KnownProfiles;
  conflict?: 'email' | 'merge' | 'reject';
  identity?: 'customer' | 'order';
  /** The identity, the lookups, or the skip. */
  expected: unknown;
  orderEmail?: string;
}

function decide({ known, conflict = 'email', identity = 'customer' }: Row) {
  return decideProfile(known, { order: { identity }, customer: { identityConflict: conflict } });
}

const rows: Record<string, Row> = {
  'a guest: the e-mail alone': {
    known: { ...usual, customerId: undefined },
    expected: { email: 'mia@example.com' },
  },
  'neither e-mail nor customer: skipped': {
    known: { ...usual, customerId: undefined, email: undefined },
    expected: 'the order has neither e-mail nor customer id',
  },
  'nothing is known: the customer and its profile, in one step': {
    known: nothingKnown,
    expected: ['customer', 'byId'],
  },
  'the profile shows both identifiers': {
    known: usual,
    expected: { email: 'mia@example.com', external_id: 'c1' },
  },
  'a cached profile: only the identifier that a customer keeps': {
    known: { ...usual, byId: cached(I) },
    expected: { external_id: 'c1' },
  },
  'events by profile id are accepted: the id': {
    known: { ...usual, acceptsProfileId: true },
    expected: { id: 'I' },
  },
  'the order has no e-mail': {
    known: { ...usual, email: undefined },
    expected: { email: 'mia@example.com', external_id: 'c1' },
  },
  'another case is no other e-mail': {
    known: { ...usual, email: 'Mia@Example.com' },
    expected: { email: 'mia@example.com', external_id: 'c1' },
  },
  'the profile lacks the e-mail of the account': { known: { ...usual, byId: moved }, expected: ['byAccountEmail'] },
  'it lacks it and was cached: both are read again': { known: { ...usual, byId: cached(moved) }, expected: ['fresh'] },
  'it lacks it and the customer was cached': {
    known: { ...usual, customer: cached(customer), byId: moved },
    expected: ['fresh'],
  },
  'no profile, and the customer was cached': {
    known: { ...usual, customer: cached(customer), byId: none },
    expected: ['fresh'],
  },
  'both further lookups are one step': {
    known: { ...differing, byId: moved },
    expected: ['byAccountEmail', 'byOrderEmail'],
  },
  'no other profile has the e-mail of the account: the customer keeps its profile': {
    known: { ...usual, byId: moved, byAccountEmail: none },
    expected: { external_id: 'c1' },
  },
  'the account e-mail is a further e-mail of the same profile': {
    known: { ...usual, byId: moved, byAccountEmail: moved },
    expected: { external_id: 'c1' },
  },
  'a newsletter profile without id': {
    known: { ...usual, byId: none, byAccountEmail: A },
    expected: { email: 'mia@example.com' },
  },
  'found by a further e-mail: the one that it shows': {
    known: { ...usual, byId: none, byAccountEmail: profile('A', { email: 'first@example.com' }) },
    expected: { email: 'first@example.com' },
  },
  'a profile that shows neither: its id': {
    known: { ...usual, byId: none, byAccountEmail: profile('A') },
    expected: { id: 'A' },
  },
  'no profile: the event creates it as the profile rule does': {
    known: { ...usual, byId: none, byAccountEmail: none },
    expected: { email: 'mia@example.com', external_id: 'c1' },
  },
  'no profile of a customer of a store': {
    known: { ...usual, customer: { ...customer, stores: [{ key: 'berlin' }] }, byId: none, byAccountEmail: none },
    expected: ['givesId'],
  },
  'an older customer has the same e-mail: the e-mail alone': {
    known: {
      ...usual,
      customer: { ...customer, stores: [{ key: 'berlin' }] },
      byId: none,
      byAccountEmail: none,
      givesId: false,
    },
    expected: { email: 'mia@example.com' },
  },
  'a customer without e-mail and without profile: as a guest': {
    known: { ...usual, customer: { ...customer, email: '' }, byId: none, byOrderEmail: none },
    expected: { email: 'mia@example.com' },
    orderEmail: 'mia@example.com',
  },
  'no e-mail anywhere and no profile: skipped': {
    known: { ...usual, email: undefined, customer: { ...customer, email: '' }, byId: none },
    expected: 'neither the customer nor the order has an e-mail',
  },
  'another e-mail: its profile is looked up': { known: differing, expected: ['byOrderEmail'] },
  'another e-mail, which no profile has': {
    known: { ...differing, byOrderEmail: none },
    expected: { email: 'mia@example.com', external_id: 'c1' },
    orderEmail: 'office@example.com',
  },
  'another e-mail that the profile shows itself': {
    known: {
      ...differing,
      byId: profile('I', { email: 'office@example.com', external_id: 'c1' }),
      byAccountEmail: none,
    },
    expected: { external_id: 'c1' },
    orderEmail: 'office@example.com',
  },
  'another e-mail with a profile: does it have the order?': {
    known: { ...differing, byOrderEmail: O },
    expected: [{ hasPlacedOrder: 'O' }],
  },
  'a claimed order stays on the profile that has it': {
    known: { ...differing, byOrderEmail: O, hasPlacedOrder: holds('O') },
    expected: { email: 'office@example.com' },
    orderEmail: 'office@example.com',
  },
  'a profile without the order is another person': {
    known: { ...differing, byOrderEmail: O, hasPlacedOrder: holds() },
    expected: { email: 'mia@example.com', external_id: 'c1' },
    orderEmail: 'office@example.com',
  },
  'id and e-mail on two profiles: which has the order?': {
    known: { ...usual, byId: moved, byAccountEmail: A },
    expected: [{ hasPlacedOrder: 'A' }, { hasPlacedOrder: 'I' }],
  },
  'three profiles are asked in one step': {
    known: { ...differing, byId: moved, byAccountEmail: A, byOrderEmail: O },
    expected: [{ hasPlacedOrder: 'O' }, { hasPlacedOrder: 'A' }, { hasPlacedOrder: 'I' }],
  },
  'two profiles, the id has the order': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds('I') },
    expected: { external_id: 'c1' },
  },
  'two profiles, the e-mail has the order, although conflicts are rejected': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds('A') },
    conflict: 'reject',
    expected: { email: 'mia@example.com' },
  },
  'two profiles, none has the order': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds() },
    expected: { email: 'mia@example.com' },
  },
  'two profiles that are merged: into that of the e-mail': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds() },
    conflict: 'merge',
    expected: { email: 'mia@example.com' },
  },
  'two profiles, conflicts are rejected': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds() },
    conflict: 'reject',
    expected: { external_id: 'c1' },
  },
  'a deleted customer: its profile, without the dead id': {
    known: { ...usual, customer: 'deleted' },
    expected: { email: 'mia@example.com' },
  },
  'a deleted customer whose profile has no e-mail': {
    known: { ...usual, customer: 'deleted', byId: profile('I', { external_id: 'c1' }) },
    expected: { id: 'I' },
    orderEmail: 'mia@example.com',
  },
  'a deleted customer without profile: the e-mail alone': {
    known: { ...usual, customer: 'deleted', byId: none },
    expected: { email: 'mia@example.com' },
  },
  'a deleted customer without anything: skipped': {
    known: { ...usual, customer: 'deleted', byId: none, email: undefined },
    expected: 'the customer no longer exists, and the order has no e-mail',
  },
  'customers cannot be read: the e-mail alone': {
    known: { ...usual, customer: 'forbidden' },
    expected: { email: 'mia@example.com' },
  },
  'profiles cannot be read, and the order has no e-mail: the id': {
    known: { ...usual, byId: 'forbidden', email: undefined },
    expected: { external_id: 'c1' },
  },
  'OrderCustomerSet: the e-mail alone': {
    known: { ...usual, isCustomerSet: true },
    expected: { email: 'mia@example.com' },
  },
  "order.identity: order: the order's own pair": {
    known: differing,
    identity: 'order',
    expected: { email: 'office@example.com', external_id: 'c1' },
  },
};

describe('the profile of an order', () => {
  for (const [name, row] of Object.entries(rows))
    test(name, () => {
      const decision = decide(row);
      if ('ask' in decision) return assert.deepEqual(decision.ask, row.expected);
      if ('skip' in decision) return assert.equal(decision.skip, row.expected);
      assert.deepEqual([decision.identity, decision.orderEmail], [row.expected, row.orderEmail]);
    });
});

describe('lookups for the address of the order', () => {
  const locating = { ...usual, hasLocation: true, isBulk: true };
  const guest = { ...locating, customerId: undefined };

  test('a guest in bulk: whether its profile has an address', () => {
    assert.deepEqual(decide({ known: guest, expected: undefined }), { ask: ['byOrderEmail'] });
    const found = decide({ known: { ...guest, byOrderEmail: A }, expected: undefined });
    assert.deepEqual('identity' in found && [found.existing, found.customerHasAddress], [A.profile, false]);
  });

  test('a guest in realtime: none', () => {
    const found = decide({ known: { ...guest, isBulk: false }, expected: undefined });
    assert.ok('identity' in found);
  });

  test("the order's own pair: whether the customer or the profile has an address", () => {
    const known = { ...nothingKnown, hasLocation: true, isBulk: true };
    assert.deepEqual(decide({ known, identity: 'order', expected: undefined }), { ask: ['customer'] });
    const without = { ...known, customer: { ...customer, hasAddress: false } };
    assert.deepEqual(decide({ known: without, identity: 'order', expected: undefined }), {
      ask: ['byId', 'byOrderEmail'],
    });
    const found = decide({
      known: { ...without, byId: none, byOrderEmail: A },
      identity: 'order',
      expected: undefined,
    });
    assert.deepEqual('identity' in found && found.existing, A.profile);
  });
});
