/** Reads runs and dead letters from the store for the metrics. Results are cached, and a slow store is not waited for. */
import type { DeadLetters } from '../engine/delivery/dead-letters.ts';
import type { Run } from '../engine/runs/run.ts';
import type { Runs } from '../engine/runs/runs.ts';
import { withTimeout } from '../lib/timeout.ts';

export interface StoreSnapshot {
  runs: readonly Run[];
  deadLetters: ReadonlyMap<string, number>;
  /** Whether the last read of the store succeeded in time. */
  isUp: boolean;
}

export interface StoreSnapshotDeps {
  runs: Pick<Runs, 'list'>;
  deadLetters: Pick<DeadLetters, 'list'>;
}

/** Runs change often; dead letters may be ten thousand, which takes many requests. */
const runsTtlMs = 10_000;
const deadLettersTtlMs = 60_000;
const timeoutMs = 3_000;

/** @returns a function that reads the store, or returns the previous snapshot if the store does not respond in time */
export function createStoreSnapshot({ runs, deadLetters }: StoreSnapshotDeps): () => Promise<StoreSnapshot> {
  const readRuns = createCache<readonly Run[]>([], runsTtlMs, () => runs.list());
  const readDeadLetters = createCache<ReadonlyMap<string, number>>(new Map(), deadLettersTtlMs, async () => {
    const counts = new Map<string, number>();
    for await (const { code } of deadLetters.list()) counts.set(code, (counts.get(code) ?? 0) + 1);
    return counts;
  });
  return async () => {
    const [listed, counted] = await Promise.all([readRuns(), readDeadLetters()]);
    return { runs: listed.value, deadLetters: counted.value, isUp: listed.isUp && counted.isUp };
  };
}

interface Cached<Value> {
  value: Value;
  isUp: boolean;
}

/**
 * Caches a value, `initial` until the first load succeeds. Concurrent reads share one load; after a failure or a timeout
 * the previous value is returned.
 */
function createCache<Value>(initial: Value, ttlMs: number, load: () => Promise<Value>) {
  let cached: Cached<Value> = { value: initial, isUp: true };
  let loadedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    try {
      cached = { value: await load(), isUp: true };
      loadedAt = performance.now();
    } catch {
      cached = { ...cached, isUp: false };
    } finally {
      loading = undefined;
    }
  }

  return async (): Promise<Cached<Value>> => {
    if (performance.now() - loadedAt < ttlMs) return cached;
    loading ??= refresh();
    const refreshed = loading.then(() => cached);
    return withTimeout(() => refreshed, timeoutMs, { ...cached, isUp: false });
  };
}
