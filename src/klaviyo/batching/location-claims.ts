/**
 * Chooses the order that gives a profile its address. Within a body it is the newest one. In bulk it is the only one of this
 * process: the next body must not overwrite the address that the one before has written.
 */
import { LRUCache } from 'lru-cache';
import type { Lane } from '../api/rate-limiter.ts';
import type { BatchItem, EventLocation } from './bulk-body.ts';

const maxClaims = 100_000;

export interface LocationClaims {
  /** @returns the locations to send, by profile */
  claim(items: readonly BatchItem[], lane: Lane): ReadonlyMap<string, EventLocation>;
}

export function createLocationClaims(): LocationClaims {
  /** Ids of orders by profile. The other events of the order, and a repeated request, have the location too. */
  const claims = new LRUCache<string, string>({ max: maxClaims });
  return {
    claim(items, lane) {
      const isClaimed = ({ profile, orderId }: EventLocation) =>
        lane === 'bulk' && (claims.get(profile) ?? orderId) !== orderId;
      const free = items.flatMap(({ location }) => (location && !isClaimed(location) ? [location] : []));
      // The last one set for a profile counts: the newest.
      const byAge = free.toSorted((left, right) => left.placedAtMs - right.placedAtMs);
      const chosen = new Map(byAge.map((location) => [location.profile, location]));
      if (lane === 'bulk') for (const [profile, { orderId }] of chosen) claims.set(profile, orderId);
      return chosen;
    },
  };
}
