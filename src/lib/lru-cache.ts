/** A cache that keeps the entries that were used last. */
import { LRUCache } from 'lru-cache';

export interface LruCacheOptions {
  /** Maximum number of entries. */
  max: number;
  /** Milliseconds that an entry is kept; absent: until it is the least recently used. */
  ttl?: number;
}

/** @returns a cache that takes memory as it fills: with its own `max`, lru-cache allocates all entries at once */
export function createLruCache<Key extends string, Value extends NonNullable<unknown>>({ max, ttl }: LruCacheOptions) {
  return new LRUCache<Key, Value>({ maxSize: max, sizeCalculation: () => 1, ...(ttl === undefined ? {} : { ttl }) });
}
