/**
 * Remembers which profile has the events of an order whose e-mail was corrected. Holds ids only. Shared by all processes
 * through the store; each one reads it again when a minute has passed.
 */
import { z } from 'zod';
import { LookupUnavailable } from '../../lib/errors.ts';
import { createTtlCache } from '../../lib/ttl-cache.ts';
import { type Store, StoreError, storedFormat } from '../../store/store.ts';

const container = 'ctk-order-profiles';
const refreshMs = 60_000;
const recordSchema = z.object({ profileId: z.string() });
const storableKey = /^[-_~.a-zA-Z0-9]{1,256}$/;

export interface RememberedProfiles {
  /** @returns Klaviyo's id of the profile, if one was remembered. Rejects with LookupUnavailable */
  profileIdOf(orderId: string): Promise<string | undefined>;
  /** @throws StoreError */
  remember(orderId: string, profileId: string): Promise<void>;
}

export function createRememberedProfiles(store: Store): RememberedProfiles {
  const known = new Map<string, string>();

  const refresh = createTtlCache(refreshMs, async () => {
    for await (const { key, value } of store.list(container)) {
      const record = recordSchema.safeParse(value);
      if (record.success) known.set(key, record.data.profileId);
    }
  });

  return {
    async profileIdOf(orderId) {
      try {
        await refresh();
      } catch (thrown) {
        // Without the scope to store anything nothing was stored.
        if (!(thrown instanceof StoreError)) throw thrown;
        if (thrown.type !== 'forbidden') throw new LookupUnavailable(thrown.message);
      }
      return known.get(orderId);
    },
    async remember(orderId, profileId) {
      known.set(orderId, profileId);
      if (!storableKey.test(orderId)) return;
      try {
        await store.put({ container, key: orderId }, { format: storedFormat, profileId });
      } catch (thrown) {
        if (!(thrown instanceof StoreError) || thrown.type !== 'forbidden') throw thrown;
      }
    },
  };
}
