/**
 * Decides which profile the events of an order belong to. When one identifier of an event matches a profile, Klaviyo changes
 * the profile's other identifiers, and answers 202 before it does. Therefore an event is never sent with identifiers that
 * could change an existing profile.
 * The decision is a pure function of what is known; it names the lookups that it still needs.
 * https://developers.klaviyo.com/en/reference/create_event
 */
import type { OrderCustomer } from '../../commercetools/lookups/types.ts';
import type { ProfileIdentity } from '../../klaviyo/change.ts';
import type { ExistingProfile } from '../../klaviyo/existing-profiles.ts';
import type { FoundProfile } from '../../klaviyo/profile-lookups.ts';
import { present } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';

export type ProfileQuestion =
  | 'customer'
  /** The profile with the customer's id. */
  | 'byId'
  /** The customer and that profile again, without a cache. */
  | 'fresh'
  /** The profile with the account's current e-mail. */
  | 'byAccountEmail'
  /** The profile with the order's own e-mail. */
  | 'byOrderEmail'
  /** Whether the profile rule gives a profile the customer's id: not if an older customer has the same e-mail. */
  | 'givesId'
  /** Whether this profile (Klaviyo's id) has the order's Placed Order. */
  | { hasPlacedOrder: string };

/** What is known about an order's profile so far; a field is absent until it was looked up. */
export interface KnownProfiles {
  customerId: string | undefined;
  /** The order's own e-mail. */
  email: string | undefined;
  /** After OrderCustomerSet the guest's event has the e-mail alone, and Klaviyo deduplicates only on the same profile. */
  isCustomerSet: boolean;
  /** The order has an address that its profile may get: see `needsAddressOf`. */
  hasLocation: boolean;
  /** In bulk a location is sent only to a profile without an address. */
  isBulk: boolean;
  /** Events by Klaviyo's own profile id are known to be accepted. */
  acceptsProfileId: boolean;
  customer?: OrderCustomer | 'deleted' | 'forbidden';
  byId?: FoundProfile;
  byAccountEmail?: FoundProfile;
  byOrderEmail?: FoundProfile;
  givesId?: boolean;
  hasPlacedOrder: ReadonlyMap<string, boolean>;
  /** Klaviyo's id of the profile that has the order's events, remembered when its e-mail was corrected. */
  remembered?: string | undefined;
}

export interface OrderProfile {
  identity: ProfileIdentity;
  /** The order's own e-mail where it is not that of the account. */
  orderEmail?: string;
  /** The profile as it is; 'unknown': not looked up, or it can't be. */
  existing: ExistingProfile | undefined | 'unknown';
  /** Whether the customer's own address comes first; 'unknown' if customers can't be read. */
  customerHasAddress: boolean | 'unknown';
  /** Klaviyo's answers decided, so that another answer may follow a rejection. */
  isLookedUp: boolean;
  /** Without a scope the profile could not be looked up. */
  isDegraded?: true;
}

export type ProfileDecision = OrderProfile | { ask: ProfileQuestion[] } | { skip: string };

const noIdentity = 'the order has neither e-mail nor customer id';
const customerDeleted = 'the customer no longer exists, and the order has no e-mail';
const noEmailAtAll = 'neither the customer nor the order has an e-mail';

type IdentitySettings = {
  order: Pick<RuleSettings['order'], 'identity'>;
  customer: Pick<RuleSettings['customer'], 'identityConflict'>;
};

/** @returns the profile, the lookups that are needed first, or why the order has none */
export function decideProfile(known: KnownProfiles, settings: IdentitySettings): ProfileDecision {
  const { email, customerId, remembered } = known;
  if (remembered !== undefined) return { ...unchecked({ id: remembered }, 'unknown'), isLookedUp: true };
  if (customerId === undefined) return email === undefined ? { skip: noIdentity } : guest(known, email);
  if (known.isCustomerSet && email !== undefined) return withOwnIdentity(known, { email });
  if (settings.order.identity === 'order')
    return withOwnIdentity(known, { ...(email === undefined ? {} : { email }), external_id: customerId });
  return ofCustomer(known, customerId, settings);
}

function guest(known: KnownProfiles, email: string): ProfileDecision {
  const identity = { email };
  if (!known.hasLocation || !known.isBulk) return unchecked(identity, false);
  if (!known.byOrderEmail) return { ask: ['byOrderEmail'] };
  return { ...unchecked(identity, false), existing: shown(known.byOrderEmail) };
}

/** The identity is that of the order; lookups only say whether the profile may get its address. */
function withOwnIdentity(known: KnownProfiles, identity: ProfileIdentity): ProfileDecision {
  if (!known.hasLocation) return unchecked(identity, 'unknown');
  if (!known.customer) return { ask: ['customer'] };
  const customerHasAddress = addressOfCustomer(known.customer);
  if (!known.isBulk || customerHasAddress !== false) return unchecked(identity, customerHasAddress);
  const asks: ProfileQuestion[] = [];
  if (identity.external_id !== undefined && !known.byId) asks.push('byId');
  if (identity.email !== undefined && !known.byOrderEmail) asks.push('byOrderEmail');
  if (asks.length > 0) return { ask: asks };
  const found = [known.byId, known.byOrderEmail].flatMap((each) => (each === undefined ? [] : [shown(each)]));
  const existing = found.includes('unknown') ? 'unknown' : found.find((profile) => profile !== undefined);
  return { ...unchecked(identity, customerHasAddress), existing };
}

function ofCustomer(known: KnownProfiles, customerId: string, settings: IdentitySettings): ProfileDecision {
  const { customer, byId, email } = known;
  if (!customer || !byId) return { ask: ['customer', 'byId'] };
  if (customer === 'forbidden' || byId === 'forbidden') {
    const identity = email === undefined ? { external_id: customerId } : { email };
    return { ...unchecked(identity, addressOfCustomer(customer)), isDegraded: true };
  }
  if (customer === 'deleted') return ofDeletedCustomer(known, byId.profile);
  const accountEmail = present(customer.email);
  const hasAccountEmail = sameEmail(byId.profile?.email, accountEmail);
  // A cached customer and a cached profile that agree are the same person still; others may be outdated.
  if (!hasAccountEmail && (customer.cached || byId.cached)) return { ask: ['fresh'] };
  const orderEmail = email !== undefined && !sameEmail(email, accountEmail) ? email : undefined;
  const candidates = candidatesOf(known, { accountEmail, hasAccountEmail, orderEmail });
  if ('ask' in candidates) return candidates;
  const choice = choose(candidates, known, settings);
  if (choice !== undefined && 'ask' in choice) return choice;
  const identity = choice
    ? identityOf(choice.profile, { known, customerId, accountEmail, isCached: choice.isCached })
    : newIdentity(known, customer, { customerId, accountEmail });
  if ('ask' in identity || 'skip' in identity) return identity;
  return {
    identity,
    existing: choice?.profile,
    customerHasAddress: customer.hasAddress,
    isLookedUp: true,
    ...(orderEmail === undefined ? {} : { orderEmail }),
  };
}

/** The identifiers that the profile rule gives the customer: the event creates the profile with them. */
function newIdentity(
  { email, givesId }: KnownProfiles,
  customer: OrderCustomer,
  { customerId, accountEmail }: { customerId: string; accountEmail: string | undefined },
): ProfileIdentity | { ask: ProfileQuestion[] } | { skip: string } {
  if (accountEmail === undefined) return email === undefined ? { skip: noEmailAtAll } : { email };
  if (customer.stores.length > 0 && givesId === undefined) return { ask: ['givesId'] };
  return givesId === false ? { email: accountEmail } : { email: accountEmail, external_id: customerId };
}

/** The id of a customer that no longer exists is never sent. */
function ofDeletedCustomer(known: KnownProfiles, profile: ExistingProfile | undefined): ProfileDecision {
  const { email } = known;
  if (profile) {
    const identity =
      known.acceptsProfileId || profile.email === undefined ? { id: profile.id } : { email: profile.email };
    const orderEmail = email !== undefined && !sameEmail(email, profile.email) ? { orderEmail: email } : {};
    return { identity, existing: profile, customerHasAddress: false, isLookedUp: true, ...orderEmail };
  }
  return email === undefined ? { skip: customerDeleted } : guest(known, email);
}

interface Candidate {
  profile: ExistingProfile;
  isCached: boolean;
}

interface Candidates {
  byId: Candidate | undefined;
  byAccountEmail: Candidate | undefined;
  byOrderEmail: Candidate | undefined;
}

interface Emails {
  accountEmail: string | undefined;
  /** The profile with the customer's id shows the account's e-mail. */
  hasAccountEmail: boolean;
  orderEmail: string | undefined;
}

function candidatesOf(
  known: KnownProfiles,
  { accountEmail, hasAccountEmail, orderEmail }: Emails,
): Candidates | { ask: ProfileQuestion[] } {
  const byId = candidate(known.byId);
  const isShownById = sameEmail(byId?.profile.email, orderEmail);
  const asks: ProfileQuestion[] = [];
  if (!hasAccountEmail && accountEmail !== undefined && !known.byAccountEmail) asks.push('byAccountEmail');
  if (orderEmail !== undefined && !isShownById && !known.byOrderEmail) asks.push('byOrderEmail');
  if (asks.length > 0) return { ask: asks };
  return {
    byId,
    byAccountEmail: hasAccountEmail ? byId : candidate(known.byAccountEmail),
    byOrderEmail: isShownById ? byId : candidate(known.byOrderEmail),
  };
}

/** @returns the profile among those that come into question, or undefined if there is none */
function choose(
  { byId, byAccountEmail, byOrderEmail }: Candidates,
  { hasPlacedOrder }: KnownProfiles,
  settings: IdentitySettings,
): Candidate | undefined | { ask: ProfileQuestion[] } {
  const isOwn = ({ profile }: Candidate) => [byId, byAccountEmail].some((own) => own?.profile.id === profile.id);
  const claimed = byOrderEmail && !isOwn(byOrderEmail) ? byOrderEmail : undefined;
  const isTorn = byId && byAccountEmail && byId.profile.id !== byAccountEmail.profile.id;
  // The profile that the profile rule writes to comes first; a merge ends in the e-mail's profile.
  const torn = !isTorn
    ? []
    : settings.customer.identityConflict === 'reject'
      ? [byId, byAccountEmail]
      : [byAccountEmail, byId];
  const holders = claimed ? [claimed, ...torn] : torn;
  const unknown = holders.filter(({ profile }) => !hasPlacedOrder.has(profile.id));
  if (unknown.length > 0) return { ask: unknown.map(({ profile }) => ({ hasPlacedOrder: profile.id })) };
  const holder = holders.find(({ profile }) => hasPlacedOrder.get(profile.id));
  return holder ?? torn[0] ?? byId ?? byAccountEmail;
}

interface Addressing {
  known: KnownProfiles;
  customerId: string;
  accountEmail: string | undefined;
  isCached: boolean;
}

/** @returns identifiers that the profile shows, so that they can't change it */
function identityOf(
  { id, email, external_id }: ExistingProfile,
  { known, customerId, accountEmail, isCached }: Addressing,
): ProfileIdentity {
  if (known.acceptsProfileId) return { id };
  if (external_id === customerId) {
    // The e-mail of a cached profile may have changed since.
    const isShown = accountEmail !== undefined && sameEmail(email, accountEmail) && !isCached;
    return isShown ? { email: accountEmail, external_id } : { external_id };
  }
  return email === undefined ? { id } : { email };
}

function unchecked(identity: ProfileIdentity, customerHasAddress: boolean | 'unknown'): OrderProfile {
  return { identity, existing: 'unknown', customerHasAddress, isLookedUp: false };
}

function candidate(found: FoundProfile | undefined): Candidate | undefined {
  if (!found || found === 'forbidden' || !found.profile) return undefined;
  return { profile: found.profile, isCached: found.cached };
}

function shown(found: FoundProfile): OrderProfile['existing'] {
  return found === 'forbidden' ? 'unknown' : found.profile;
}

function addressOfCustomer(customer: NonNullable<KnownProfiles['customer']>): boolean | 'unknown' {
  if (customer === 'forbidden') return 'unknown';
  return customer === 'deleted' ? false : customer.hasAddress;
}

function sameEmail(left: string | undefined, right: string | undefined): boolean {
  return left !== undefined && right !== undefined && left.toLowerCase() === right.toLowerCase();
}
