/**
 * Remembers which customers were erased, so that a late order does not create their profile again. The store holds hashes of
 * the customers' ids in pages; every process reads them at its start and each minute.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { type Store, StoreError, storedFormat, untilWritten } from '../../store/store.ts';

const container = 'ctk-erased-customers';
/** A hash has 32 characters, and a custom object at most 1 MB. */
const hashesPerPage = 1_000;
const maxAgeMs = 60_000;

const pageSchema = z.object({ hashes: z.array(z.string()) });

export interface ErasedCustomers {
  /** Rejects with a CommercetoolsError as long as the store could not be read at all. */
  has(customerId: string): Promise<boolean>;
  /** Resolves when it is stored. Rejects with a StoreError. */
  add(customerId: string): Promise<void>;
}

/** @param now returns a monotonic time in milliseconds */
export function createErasedCustomers(store: Store, now: () => number = () => performance.now()): ErasedCustomers {
  let hashes: Set<string> | undefined;
  /** What this process has added, also before the first read has ended. */
  const added = new Set<string>();
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Set<string>> | undefined;

  async function read(): Promise<Set<string>> {
    const startedAt = now();
    const found = new Set<string>();
    for await (const { value } of store.list(container))
      for (const hash of pageSchema.safeParse(value).data?.hashes ?? []) found.add(hash);
    // What this process has added meanwhile stays.
    for (const hash of [...added, ...(hashes ?? [])]) found.add(hash);
    readAt = startedAt;
    hashes = found;
    return found;
  }

  async function current(): Promise<Set<string>> {
    if (hashes && now() - readAt < maxAgeMs) return hashes;
    reading ??= read().finally(() => {
      reading = undefined;
    });
    try {
      return await reading;
    } catch (thrown) {
      if (!(thrown instanceof StoreError)) throw thrown;
      if (hashes) return hashes;
      throw new CommercetoolsError('unavailable', `erased customers can't be read: ${thrown.message}`);
    }
  }

  /** Appends to the first page that has room. */
  async function append(hash: string): Promise<'stored' | 'stale'> {
    let pages = 0;
    for await (const { key, value, version } of store.list(container)) {
      pages += 1;
      const page = pageSchema.safeParse(value).data?.hashes ?? [];
      if (page.includes(hash)) return 'stored';
      if (page.length >= hashesPerPage) continue;
      const stored = await store.put({ container, key }, { format: storedFormat, hashes: [...page, hash] }, version);
      return stored === 'stale' ? stored : 'stored';
    }
    const key = `page-${String(pages + 1).padStart(6, '0')}`;
    const stored = await store.put({ container, key }, { format: storedFormat, hashes: [hash] }, 'absent');
    return stored === 'stale' ? stored : 'stored';
  }

  return {
    has: async (customerId) => (await current()).has(hashOf(customerId)),
    async add(customerId) {
      const hash = hashOf(customerId);
      await untilWritten(() => append(hash));
      added.add(hash);
      hashes?.add(hash);
    },
  };
}

function hashOf(customerId: string): string {
  return createHash('sha256').update(customerId).digest('hex').slice(0, 32);
}
