/** Stores by key, which records refer to. Cached for a minute. */
import { createLruCache } from '../../lib/lru-cache.ts';
import { CommercetoolsError } from '../errors.ts';
import type { ShopStore } from '../schemas.ts';
import type { Lookups } from './types.ts';

const maxStores = 1_000;
const storeTtlMs = 60_000;

type FoundStore = ShopStore | 'forbidden' | undefined;

/** @param byKey the batched lookup. @returns the lookup `store` */
export function createStoreLookup(byKey: (key: string) => Promise<ShopStore | undefined>): Lookups['store'] {
  const cache = createLruCache<string, { store: FoundStore }>({ max: maxStores, ttl: storeTtlMs });
  return async (key) => {
    const known = cache.get(key);
    if (known) return known.store;
    const store = await byKey(key).catch((thrown: unknown): FoundStore => {
      if (thrown instanceof CommercetoolsError && thrown.type === 'forbidden') return 'forbidden';
      throw thrown;
    });
    cache.set(key, { store });
    return store;
  };
}
