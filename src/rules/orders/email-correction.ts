/**
 * Corrected e-mails of guest orders: whether the profile of the former e-mail belongs to this order alone, so that it may get
 * the new e-mail.
 */
import type { ProfileDetails } from '../../klaviyo/profile-details.ts';

/** What is known about the former e-mail of a corrected order. */
export interface EmailCorrection {
  profile: ProfileDetails;
  /** The profile has the order's Placed Order, or another event with its id. */
  isOrderOnProfile: boolean;
  /** Another profile has the new e-mail. */
  isNewEmailTaken: boolean;
  /** A customer has the former e-mail. */
  hasCustomer: boolean;
  /** Another order has the former e-mail. */
  hasOtherOrder: boolean;
}

export interface CorrectedOrder {
  id: string;
  /** ISO 8601. */
  createdAt: string;
  lineItems: readonly { id?: string | undefined }[];
}

const maxAgeMs = 10 * 60_000;

/** Returns why the profile keeps its e-mail, or undefined if it gets the new one. */
export function renameProblem(
  { profile, isNewEmailTaken, hasCustomer, hasOtherOrder }: EmailCorrection,
  order: CorrectedOrder,
): string | undefined {
  if (isNewEmailTaken) return 'another profile has the new e-mail';
  if (hasCustomer) return 'a customer has the former e-mail';
  if (hasOtherOrder) return 'another order has the former e-mail';
  if (profile.hasExternalId) return 'the profile belongs to a customer';
  if (profile.hasPhone) return 'the profile has a phone number';
  if (profile.hasConsent) return 'the profile has a consent or is suppressed';
  if (profile.isOnList) return 'the profile is on a list';
  if (profile.hasMoreEvents || !profile.eventIds.every((id) => isEventOf(id, order)))
    return 'the profile has other events';
  const isOlder = !(Date.parse(profile.created) >= Date.parse(order.createdAt) - maxAgeMs);
  return isOlder ? 'the profile is older than the order' : undefined;
}

function isEventOf(eventId: string | undefined, { id, lineItems }: CorrectedOrder): boolean {
  if (eventId === undefined) return false;
  return eventId === id || eventId.startsWith(`${id}:`) || lineItems.some((line) => line.id === eventId);
}
