/** How much of bulk may be on its way at a time: a few bodies of each kind, so that memory does not grow with the shop. */
import type { Change, Receipt } from './change.ts';
import type { Lane } from './throttle.ts';

export interface Room {
  /** Counts a change until its receipt, and what may come later, is in. */
  count(lane: Lane, kind: Change['kind'], receipt: Promise<Receipt>): Promise<Receipt>;
  /** Resolves when bulk may send more. Rejects with the signal's reason when it is aborted first. */
  free(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing is counted. */
  empty(): Promise<void>;
  counts(): Record<Lane, number>;
}

/**
 * Bulk changes on their way at most. Events: five bodies. Profiles: three. Items wait for jobs of their own and of their
 * variants; 750 jobs a minute that take five seconds each keep some thousands under way.
 */
const most: Record<Change['kind'], number> = {
  event: 5_000,
  profile: 30_000,
  item: 8_000,
  category: 5_000,
  stock: 10_000,
  gone: 10_000,
};

export function createRoom(): Room {
  const bulk: Record<Change['kind'], number> = { event: 0, profile: 0, item: 0, category: 0, stock: 0, gone: 0 };
  const counts: Record<Lane, number> = { realtime: 0, bulk: 0 };
  let changed = Promise.withResolvers<void>();

  function note(lane: Lane, kind: Change['kind'], difference: 1 | -1): void {
    counts[lane] += difference;
    if (lane === 'bulk') bulk[kind] += difference;
    if (difference > 0) return;
    changed.resolve();
    changed = Promise.withResolvers();
  }
  const isFull = () => Object.keys(most).some((kind) => isKind(kind) && bulk[kind] >= most[kind]);

  return {
    count(lane, kind, receipt) {
      note(lane, kind, 1);
      void receipt.then((first) => ('later' in first ? first.later : undefined)).then(() => note(lane, kind, -1));
      return receipt;
    },
    async free(signal) {
      const aborted = Promise.withResolvers<void>();
      const abort = () => aborted.resolve();
      signal.addEventListener('abort', abort, { once: true });
      while (!signal.aborted && isFull()) await Promise.race([changed.promise, aborted.promise]);
      signal.removeEventListener('abort', abort);
      signal.throwIfAborted();
    },
    async empty() {
      while (counts.realtime + counts.bulk > 0) await changed.promise;
    },
    counts: () => ({ ...counts }),
  };
}

function isKind(name: string): name is Change['kind'] {
  return name in most;
}
