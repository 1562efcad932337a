/** Caches the result of one function for a time; concurrent callers share a call. */

/** @param read what to cache. A rejection is cached too, so that a failing peer is not called more often than a healthy one */
export function createTtlCache<Value>(ttlMs: number, read: () => Promise<Value>): () => Promise<Value> {
  let cached: { at: number; value: Promise<Value> } | undefined;
  return () => {
    if (cached && performance.now() - cached.at < ttlMs) return cached.value;
    cached = { at: performance.now(), value: read() };
    return cached.value;
  };
}
