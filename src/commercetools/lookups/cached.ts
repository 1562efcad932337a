/** Lookups of small records that many others refer to. Cached for a minute; concurrent callers share a read. */
import { createLruCache } from '../../lib/lru-cache.ts';
import { CommercetoolsError } from '../errors.ts';

const maxRecords = 1_000;
const ttlMs = 60_000;

/** @param read the batched lookup. @returns it with a cache; 'forbidden' without the scope to read the record */
export function cachedLookup<Entity>(
  read: (key: string) => Promise<Entity | undefined>,
): (key: string) => Promise<Entity | 'forbidden' | undefined> {
  const cache = createLruCache<string, Promise<Entity | 'forbidden' | undefined>>({ max: maxRecords, ttl: ttlMs });
  return (key) => {
    const known = cache.get(key);
    if (known) return known;
    const found = read(key).catch((thrown: unknown) => {
      if (thrown instanceof CommercetoolsError && thrown.type === 'forbidden') return 'forbidden' as const;
      throw thrown;
    });
    cache.set(key, found);
    found.catch(() => {
      if (cache.peek(key) === found) cache.delete(key);
    });
    return found;
  };
}
