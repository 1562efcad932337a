/** Finds the profile of an event by the identifiers in its body. */
import type { Account } from './account.ts';
import { type ErrorObject, invalid } from './errors.ts';
import type { ProfileIdentity } from './profiles.ts';

/** The identifiers to record the event with; or `lost` if it is accepted and not recorded; or the error. */
export type ResolvedProfile = { identity: ProfileIdentity } | { lost: true } | { error: ErrorObject };

/**
 * Resolves the identifiers of an event, as the switches `eventToFormerProfile` and `eventOfTwoProfiles` say. `base` is
 * the pointer to the profile (`…/attributes/profile`).
 */
export function resolveProfile(account: Account, identity: ProfileIdentity, base: string): ResolvedProfile {
  const { profiles, behaviours } = account;
  const { id, email, phone_number, external_id, anonymous_id, _kx } = identity;
  const given = [id, email, phone_number, external_id, anonymous_id, _kx];
  if (!given.some((value) => typeof value === 'string')) {
    return { error: invalid('At least one profile identifier is required.', `${base}/data/attributes`) };
  }
  if (typeof id === 'string' && profiles.get(id) === undefined) {
    const variant = behaviours.eventToFormerProfile;
    if (variant === 'rejected') {
      return { error: invalid(`A profile with id ${id} does not exist.`, `${base}/data/id`) };
    }
    const destination = variant === 'merge-destination' ? profiles.mergedInto(id) : undefined;
    return destination === undefined ? { lost: true } : { identity: { id: destination.id } };
  }
  const found = profiles.resolve(identity);
  if (!('error' in found)) return { identity };
  if (behaviours.eventOfTwoProfiles === 'first-match') return { identity: { id: profiles.firstMatch(identity)?.id } };
  if (behaviours.eventOfTwoProfiles === 'rejected') {
    return { error: invalid('The identifiers belong to different profiles.', `${base}/data/attributes`) };
  }
  return { error: { ...found.error, pointer: `${base}${found.error.pointer ?? '/data'}` } };
}
