/** How much of bulk may be on its way at a time: a few bodies of each kind, so that memory does not grow with the shop. */

import type { Lane } from './api/rate-limiter.ts';
import type { Change } from './change.ts';

export interface InFlightLimit {
  acquire(lane: Lane, kind: Change['type']): void;
  release(lane: Lane, kind: Change['type']): void;
  /** Resolves when bulk may send more. Rejects with the signal's reason when it is aborted first. */
  waitForCapacity(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing is on its way. */
  onIdle(): Promise<void>;
  counts(): Record<Lane, number>;
}

/**
 * Bulk changes on their way at most. Five bodies of events; profiles for as long as a job takes. Items wait for jobs of
 * their own and of their variants: 750 jobs a minute that take five seconds each keep some thousands under way.
 */
const most: Record<Change['type'], number> = {
  event: 5_000,
  profile: 20_000,
  item: 8_000,
  category: 5_000,
  stock: 10_000,
  delete: 10_000,
};

export function createInFlightLimit(): InFlightLimit {
  const bulk: Record<Change['type'], number> = { event: 0, profile: 0, item: 0, category: 0, stock: 0, delete: 0 };
  const counts: Record<Lane, number> = { realtime: 0, bulk: 0 };
  let changed: PromiseWithResolvers<void> | undefined;

  const isFull = () =>
    bulk.event >= most.event ||
    bulk.profile >= most.profile ||
    bulk.item >= most.item ||
    bulk.category >= most.category ||
    bulk.stock >= most.stock ||
    bulk.delete >= most.delete;

  function nextChange(): Promise<void> {
    changed ??= Promise.withResolvers();
    return changed.promise;
  }

  return {
    acquire(lane, kind) {
      counts[lane] += 1;
      if (lane === 'bulk') bulk[kind] += 1;
    },
    release(lane, kind) {
      counts[lane] -= 1;
      if (lane === 'bulk') bulk[kind] -= 1;
      changed?.resolve();
      changed = undefined;
    },
    async waitForCapacity(signal) {
      const aborted = Promise.withResolvers<void>();
      const abort = () => aborted.resolve();
      signal.addEventListener('abort', abort, { once: true });
      while (!signal.aborted && isFull()) await Promise.race([nextChange(), aborted.promise]);
      signal.removeEventListener('abort', abort);
      signal.throwIfAborted();
    },
    async onIdle() {
      while (counts.realtime + counts.bulk > 0) await nextChange();
    },
    counts: () => ({ ...counts }),
  };
}
