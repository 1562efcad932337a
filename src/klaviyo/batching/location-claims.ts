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
      const chosen = new Map<string, EventLocation>();
      for (const { location } of items) {
        if (!location) continue;
        const claimedBy = lane === 'bulk' ? claims.get(location.profile) : undefined;
        if (claimedBy !== undefined && claimedBy !== location.orderId) continue;
        const newest = chosen.get(location.profile);
        if (!newest || location.placedAtMs > newest.placedAtMs) chosen.set(location.profile, location);
      }
      if (lane === 'bulk') for (const [profile, { orderId }] of chosen) claims.set(profile, orderId);
      return chosen;
    },
  };
}
