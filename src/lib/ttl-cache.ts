/** Caches the result of one function for a time; concurrent callers share a call. A rejection is not cached. */
export function createTtlCache<Value>(ttlMs: number, read: () => Promise<Value>): () => Promise<Value> {
  let cached: { at: number; value: Promise<Value> } | undefined;
  return () => {
    if (cached && performance.now() - cached.at < ttlMs) return cached.value;
    const reading = { at: performance.now(), value: read() };
    cached = reading;
    reading.value.catch(() => {
      if (cached === reading) cached = undefined;
    });
    return reading.value;
  };
}
