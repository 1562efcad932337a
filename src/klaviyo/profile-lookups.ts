/**
 * Lookups of the profiles that an order may belong to. Found profiles are cached: in realtime for a minute, in a run for
 * ten. A profile that does not exist is not cached, because an event may create it at any time.
 */

import { LookupUnavailable } from '../lib/errors.ts';
import { createLruCache } from '../lib/lru-cache.ts';
import type { KlaviyoClient } from './api/client.ts';
import type { ApiFailure } from './api/errors.ts';
import type { Lane } from './api/rate-limiter.ts';
import { never } from './batched-lookup.ts';
import { createExistingProfiles, type ExistingProfile } from './existing-profiles.ts';
import { isEventListed } from './listed-events.ts';
import { createMetricIds } from './metric-ids.ts';
import { createProfileDetails, type ReadProfileDetails } from './profile-details.ts';

export interface LookupScope {
  lane: Lane;
  /** Id of the run that the lookup belongs to; absent in realtime. */
  run?: string | undefined;
  /** Reads again what is cached. */
  fresh?: boolean | undefined;
}

/** `forbidden`: the key lacks profiles:read. `cached`: the profile may have changed since it was read. */
export type FoundProfile = { profile: ExistingProfile | undefined; cached: boolean } | 'forbidden';

export interface EventToFind {
  /** Name of the metric. */
  metric: string;
  uniqueId: string;
  /** Times between which the event lies, ISO 8601. */
  from: string;
  to: string;
}

/** All of them reject with LookupUnavailable when Klaviyo can't answer now. */
export interface ProfileLookups {
  byExternalId(externalId: string, scope: LookupScope): Promise<FoundProfile>;
  /** Compares without case; also finds a profile by its further e-mails. */
  byEmail(email: string, scope: LookupScope): Promise<FoundProfile>;
  /** @returns whether the profile has the event; false, with one warning, if the key lacks events:read or metrics:read */
  hasEvent(profileId: string, event: EventToFind, scope: LookupScope): Promise<boolean>;
  /** Whether events by Klaviyo's own profile id are known to be accepted. */
  acceptsProfileId(): boolean;
  /** @returns the id of the profile that has the events of an order whose e-mail was corrected */
  rememberedFor(orderId: string): Promise<string | undefined>;
  details: ReadProfileDetails;
}

export interface ProfileLookupsDeps {
  client: KlaviyoClient;
  /** See `acceptsProfileId` of ProfileLookups. */
  acceptsProfileId(): boolean;
  /** See ProfileLookups. */
  rememberedFor: ProfileLookups['rememberedFor'];
  onWarning(detail: string): void;
}

const realtimeTtlMs = 60_000;
/** Klaviyo merges and deletes profiles, after which their ids are worth nothing. */
const runTtlMs = 600_000;
const maxCached = 50_000;

export function createProfileLookups({
  client,
  acceptsProfileId,
  rememberedFor,
  onWarning,
}: ProfileLookupsDeps): ProfileLookups {
  const existing = createExistingProfiles(client);
  const idOfMetric = createMetricIds(client);
  const cache = createLruCache<string, ExistingProfile>({ max: maxCached });
  let isWindowRejected = false;
  let hasWarned = false;

  async function find(field: 'email' | 'external_id', value: string, scope: LookupScope): Promise<FoundProfile> {
    const key = [scope.run ?? '', field, field === 'email' ? value.toLowerCase() : value].join('|');
    const cached = scope.fresh ? undefined : cache.get(key);
    if (cached) return { profile: cached, cached: true };
    const found = await existing.profile(field, value, scope.lane);
    if (found && 'failure' in found) {
      if (found.failure.type === 'forbidden') return 'forbidden';
      throw unavailable(found.failure);
    }
    if (found) cache.set(key, found, { ttl: scope.run === undefined ? realtimeTtlMs : runTtlMs });
    else cache.delete(key);
    return { profile: found, cached: false };
  }

  function withoutScope(failure: ApiFailure): false {
    if (failure.type !== 'forbidden') throw unavailable(failure);
    if (!hasWarned)
      onWarning(
        'the key lacks events:read or metrics:read: an order whose e-mail differs from its customer cannot be traced to the profile that has its Placed Order',
      );
    hasWarned = true;
    return false;
  }

  return {
    acceptsProfileId,
    rememberedFor,
    details: createProfileDetails(client),
    byExternalId: (externalId, scope) => find('external_id', externalId, scope),
    byEmail: (email, scope) => find('email', email, scope),
    async hasEvent(profileId, { metric, uniqueId, from, to }, { lane }) {
      const metricId = await idOfMetric(metric, { lane, signal: never });
      if (typeof metricId === 'object') return withoutScope(metricId.failure);
      if (metricId === 'none') return false;
      const ofProfile = `equals(profile_id,"${profileId}"),equals(metric_id,"${metricId}")`;
      const window = `greater-or-equal(datetime,${from}),less-or-equal(datetime,${to})`;
      const filters = isWindowRejected ? [ofProfile] : [`${ofProfile},${window}`, ofProfile];
      for (const filter of filters) {
        const found = await isEventListed(client, uniqueId, { filter, lane, signal: never });
        if (typeof found === 'boolean') return found;
        // The filters may not be combinable: then all events of the profile and metric are listed.
        if (found.failure.type !== 'rejected') return withoutScope(found.failure);
        if (filter === ofProfile) throw unavailable(found.failure);
        isWindowRejected = true;
      }
      return false;
    },
  };
}

function unavailable(failure: ApiFailure): LookupUnavailable {
  if (failure.type === 'unavailable') return new LookupUnavailable(failure.reason, failure);
  if (failure.type === 'rejected') return new LookupUnavailable(`Klaviyo answered ${failure.status} to a lookup`);
  return new LookupUnavailable(failure.reason, { actionRequired: true });
}
