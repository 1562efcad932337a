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
  then: unknown;
  orderEmail?: string;
}

function decide({ known, conflict = 'email', identity = 'customer' }: Row) {
  return decideProfile(known, { order: { identity }, customer: { identityConflict: conflict } });
}

const rows: Record<string, Row> = {
  'a guest: the e-mail alone': {
    known: { ...usual, customerId: undefined },
    then: { email: 'mia@example.com' },
  },
  'neither e-mail nor customer: skipped': {
    known: { ...usual, customerId: undefined, email: undefined },
    then: 'the order has neither e-mail nor customer id',
  },
  'nothing is known: the customer and its profile, in one step': {
    known: nothingKnown,
    then: ['customer', 'byId'],
  },
  'the profile shows both identifiers': {
    known: usual,
    then: { email: 'mia@example.com', external_id: 'c1' },
  },
  'a cached profile: only the identifier that a customer keeps': {
    known: { ...usual, byId: cached(I) },
    then: { external_id: 'c1' },
  },
  'events by profile id are accepted: the id': {
    known: { ...usual, acceptsProfileId: true },
    then: { id: 'I' },
  },
  'the order has no e-mail': {
    known: { ...usual, email: undefined },
    then: { email: 'mia@example.com', external_id: 'c1' },
  },
  'another case is no other e-mail': {
    known: { ...usual, email: 'Mia@Example.com' },
    then: { email: 'mia@example.com', external_id: 'c1' },
  },
  'the profile lacks the e-mail of the account': { known: { ...usual, byId: moved }, then: ['byAccountEmail'] },
  'it lacks it and was cached: both are read again': { known: { ...usual, byId: cached(moved) }, then: ['fresh'] },
  'it lacks it and the customer was cached': {
    known: { ...usual, customer: cached(customer), byId: moved },
    then: ['fresh'],
  },
  'no profile, and the customer was cached': {
    known: { ...usual, customer: cached(customer), byId: none },
    then: ['fresh'],
  },
  'both further lookups are one step': {
    known: { ...differing, byId: moved },
    then: ['byAccountEmail', 'byOrderEmail'],
  },
  'no other profile has the e-mail of the account: the customer keeps its profile': {
    known: { ...usual, byId: moved, byAccountEmail: none },
    then: { external_id: 'c1' },
  },
  'the account e-mail is a further e-mail of the same profile': {
    known: { ...usual, byId: moved, byAccountEmail: moved },
    then: { external_id: 'c1' },
  },
  'a newsletter profile without id': {
    known: { ...usual, byId: none, byAccountEmail: A },
    then: { email: 'mia@example.com' },
  },
  'found by a further e-mail: the one that it shows': {
    known: { ...usual, byId: none, byAccountEmail: profile('A', { email: 'first@example.com' }) },
    then: { email: 'first@example.com' },
  },
  'a profile that shows neither: its id': {
    known: { ...usual, byId: none, byAccountEmail: profile('A') },
    then: { id: 'A' },
  },
  'no profile: the event creates it as the profile rule does': {
    known: { ...usual, byId: none, byAccountEmail: none },
    then: { email: 'mia@example.com', external_id: 'c1' },
  },
  'no profile of a customer of a store': {
    known: { ...usual, customer: { ...customer, stores: [{ key: 'berlin' }] }, byId: none, byAccountEmail: none },
    then: ['givesId'],
  },
  'an older customer has the same e-mail: the e-mail alone': {
    known: {
      ...usual,
      customer: { ...customer, stores: [{ key: 'berlin' }] },
      byId: none,
      byAccountEmail: none,
      givesId: false,
    },
    then: { email: 'mia@example.com' },
  },
  'a customer without e-mail and without profile: as a guest': {
    known: { ...usual, customer: { ...customer, email: '' }, byId: none, byOrderEmail: none },
    then: { email: 'mia@example.com' },
    orderEmail: 'mia@example.com',
  },
  'no e-mail anywhere and no profile: skipped': {
    known: { ...usual, email: undefined, customer: { ...customer, email: '' }, byId: none },
    then: 'neither the customer nor the order has an e-mail',
  },
  'another e-mail: its profile is looked up': { known: differing, then: ['byOrderEmail'] },
  'another e-mail of nobody': {
    known: { ...differing, byOrderEmail: none },
    then: { email: 'mia@example.com', external_id: 'c1' },
    orderEmail: 'office@example.com',
  },
  'another e-mail that the profile shows itself': {
    known: { ...differing, byId: profile('I', { email: 'office@example.com', external_id: 'c1' }), byAccountEmail: none },
    then: { external_id: 'c1' },
    orderEmail: 'office@example.com',
  },
  'another e-mail with a profile: does it have the order?': {
    known: { ...differing, byOrderEmail: O },
    then: [{ hasPlacedOrder: 'O' }],
  },
  'a claimed order stays on the profile that has it': {
    known: { ...differing, byOrderEmail: O, hasPlacedOrder: holds('O') },
    then: { email: 'office@example.com' },
    orderEmail: 'office@example.com',
  },
  'a profile without the order is another person': {
    known: { ...differing, byOrderEmail: O, hasPlacedOrder: holds() },
    then: { email: 'mia@example.com', external_id: 'c1' },
    orderEmail: 'office@example.com',
  },
  'id and e-mail on two profiles: which has the order?': {
    known: { ...usual, byId: moved, byAccountEmail: A },
    then: [{ hasPlacedOrder: 'A' }, { hasPlacedOrder: 'I' }],
  },
  'three profiles are asked in one step': {
    known: { ...differing, byId: moved, byAccountEmail: A, byOrderEmail: O },
    then: [{ hasPlacedOrder: 'O' }, { hasPlacedOrder: 'A' }, { hasPlacedOrder: 'I' }],
  },
  'two profiles, the id has the order': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds('I') },
    then: { external_id: 'c1' },
  },
  'two profiles, the e-mail has the order, although conflicts are rejected': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds('A') },
    conflict: 'reject',
    then: { email: 'mia@example.com' },
  },
  'two profiles, none has the order': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds() },
    then: { email: 'mia@example.com' },
  },
  'two profiles that are merged: into that of the e-mail': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds() },
    conflict: 'merge',
    then: { email: 'mia@example.com' },
  },
  'two profiles, conflicts are rejected': {
    known: { ...usual, byId: moved, byAccountEmail: A, hasPlacedOrder: holds() },
    conflict: 'reject',
    then: { external_id: 'c1' },
  },
  'a deleted customer: its profile, without the dead id': {
    known: { ...usual, customer: 'deleted' },
    then: { email: 'mia@example.com' },
  },
  'a deleted customer whose profile has no e-mail': {
    known: { ...usual, customer: 'deleted', byId: profile('I', { external_id: 'c1' }) },
    then: { id: 'I' },
    orderEmail: 'mia@example.com',
  },
  'a deleted customer without profile: the e-mail alone': {
    known: { ...usual, customer: 'deleted', byId: none },
    then: { email: 'mia@example.com' },
  },
  'a deleted customer without anything: skipped': {
    known: { ...usual, customer: 'deleted', byId: none, email: undefined },
    then: 'the customer no longer exists, and the order has no e-mail',
  },
  'customers can not be read: the e-mail alone': {
    known: { ...usual, customer: 'forbidden' },
    then: { email: 'mia@example.com' },
  },
  'profiles can not be read, and the order has no e-mail: the id': {
    known: { ...usual, byId: 'forbidden', email: undefined },
    then: { external_id: 'c1' },
  },
  'OrderCustomerSet: the e-mail alone': {
    known: { ...usual, isCustomerSet: true },
    then: { email: 'mia@example.com' },
  },
  "order.identity: order: the order's own pair": {
    known: differing,
    identity: 'order',
    then: { email: 'office@example.com', external_id: 'c1' },
  },
};

describe('the profile of an order', () => {
  for (const [name, row] of Object.entries(rows))
    test(name, () => {
      const decision = decide(row);
      if ('ask' in decision) return assert.deepEqual(decision.ask, row.then);
      if ('skip' in decision) return assert.equal(decision.skip, row.then);
      assert.deepEqual([decision.identity, decision.orderEmail], [row.then, row.orderEmail]);
    });
});

describe('lookups for the address of the order', () => {
  const locating = { ...usual, hasLocation: true, isBulk: true };
  const guest = { ...locating, customerId: undefined };

  test('a guest in bulk: whether its profile has an address', () => {
    assert.deepEqual(decide({ known: guest, then: undefined }), { ask: ['byOrderEmail'] });
    const found = decide({ known: { ...guest, byOrderEmail: A }, then: undefined });
    assert.deepEqual('identity' in found && [found.existing, found.customerHasAddress], [A.profile, false]);
  });

  test('a guest in realtime: none', () => {
    const found = decide({ known: { ...guest, isBulk: false }, then: undefined });
    assert.ok('identity' in found);
  });

  test("the order's own pair: whether the customer or the profile has an address", () => {
    const known = { ...nothingKnown, hasLocation: true, isBulk: true };
    assert.deepEqual(decide({ known, identity: 'order', then: undefined }), { ask: ['customer'] });
    const without = { ...known, customer: { ...customer, hasAddress: false } };
    assert.deepEqual(decide({ known: without, identity: 'order', then: undefined }), { ask: ['byId', 'byOrderEmail'] });
    const found = decide({ known: { ...without, byId: none, byOrderEmail: A }, identity: 'order', then: undefined });
    assert.deepEqual('identity' in found && found.existing, A.profile);
  });
});
