/**
 * Chooses the order that gives a profile its address. In realtime it is the newest order of a body. In bulk it is the newest
 * of those that are queued when the first of them is sent, and then no other: a later body must not overwrite the address.
 */
import { createLruCache } from '../../lib/lru-cache.ts';
import type { Lane } from '../api/rate-limiter.ts';
import type { BatchItem, EventLocation } from './bulk-body.ts';

const maxProfiles = 100_000;

export interface LocationClaims {
  /** The item is queued. */
  add(item: BatchItem, lane: Lane): void;
  /** @returns the locations to send with these items, by profile */
  claim(items: readonly BatchItem[], lane: Lane): ReadonlyMap<string, EventLocation>;
}

export function createLocationClaims(): LocationClaims {
  /** By profile: the newest queued order. */
  const newest = createLruCache<string, Pick<EventLocation, 'orderId' | 'placedAtMs'>>({ max: maxProfiles });
  /** Ids of orders by profile. The other events of the order, and a repeated request, have the location too. */
  const claims = createLruCache<string, string>({ max: maxProfiles });

  function ownerOf({ profile, orderId }: EventLocation): string {
    const owner = claims.get(profile) ?? newest.get(profile)?.orderId ?? orderId;
    claims.set(profile, owner);
    newest.delete(profile);
    return owner;
  }

  return {
    add({ location }, lane) {
      if (!location || lane !== 'bulk') return;
      const { profile, orderId, placedAtMs } = location;
      if (placedAtMs > (newest.get(profile)?.placedAtMs ?? Number.NEGATIVE_INFINITY))
        newest.set(profile, { orderId, placedAtMs });
    },
    claim(items, lane) {
      const locations = items.flatMap(({ location }) => location ?? []);
      const own = lane === 'bulk' ? locations.filter((location) => ownerOf(location) === location.orderId) : locations;
      // The last one set for a profile counts: the newest.
      const byAge = own.toSorted((left, right) => left.placedAtMs - right.placedAtMs);
      return new Map(byAge.map((location) => [location.profile, location]));
    },
  };
}
