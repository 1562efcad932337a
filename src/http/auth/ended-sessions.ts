/**
 * Remembers which sessions were logged out, so that a copy of their cookie is worth nothing. Shared by all processes through
 * the store; each one reads it again after some seconds. A record is kept until its session would have expired.
 */
import { z } from 'zod';
import { createTtlCache } from '../../lib/ttl-cache.ts';
import { type Store, StoreError, storedFormat } from '../../store/store.ts';

const container = 'ctk-ended-sessions';
/** Within this time another process may still accept the session. */
const refreshMs = 5_000;
const recordSchema = z.object({ expiresAt: z.string() });

export interface EndedSessions {
  /** Never rejects: while the store can't be read, what is known counts. */
  has(id: string): Promise<boolean>;
  /** @returns whether all processes will know it; this one does in any case */
  add(id: string, expiresAt: Date): Promise<boolean>;
}

export function createEndedSessions(store: Store, now: () => Date): EndedSessions {
  /** Ids with the time at which the session would have expired. */
  const ended = new Map<string, string>();

  const refresh = createTtlCache(refreshMs, async () => {
    const current = now().toISOString();
    for await (const { key, value } of store.list(container)) {
      const record = recordSchema.safeParse(value);
      if (record.success && record.data.expiresAt > current) ended.set(key, record.data.expiresAt);
      else await store.remove({ container, key });
    }
    for (const [id, expiresAt] of ended) if (expiresAt <= current) ended.delete(id);
  });

  return {
    async has(id) {
      if (ended.has(id)) return true;
      try {
        await refresh();
      } catch (thrown) {
        if (!(thrown instanceof StoreError)) throw thrown;
      }
      return ended.has(id);
    },
    async add(id, expiresAt) {
      ended.set(id, expiresAt.toISOString());
      try {
        await store.put({ container, key: id }, { format: storedFormat, expiresAt: expiresAt.toISOString() });
        return true;
      } catch (thrown) {
        if (!(thrown instanceof StoreError)) throw thrown;
        return false;
      }
    },
  };
}
