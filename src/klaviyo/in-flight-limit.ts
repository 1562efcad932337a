/**
 * Limits in-flight bulk changes per kind so that memory does not grow with the shop. The other lanes are counted and not
 * limited here: realtime.maxInFlight limits messages, and carts are read a page at a time.
 */

import type { Lane } from './api/rate-limiter.ts';
import type { Change, ChangeKind } from './change.ts';
import { changeKinds, inFlightSize } from './change-kinds.ts';

export type InFlightLimit = ReturnType<typeof createInFlightLimit>;

export function createInFlightLimit() {
  /** Records, or bytes, as in the table of change kinds. */
  const bulk = new Map<ChangeKind, number>();
  const counts: Record<Lane, number> = { realtime: 0, cart: 0, bulk: 0 };
  let released: PromiseWithResolvers<void> | undefined;

  const isFull = (kinds: ReadonlySet<ChangeKind>) =>
    bulk.entries().some(([kind, size]) => kinds.has(kind) && size >= changeKinds[kind].maxInFlight);

  function addToBulk(kind: ChangeKind, size: number): void {
    bulk.set(kind, (bulk.get(kind) ?? 0) + size);
  }

  function nextRelease(): Promise<void> {
    released ??= Promise.withResolvers();
    return released.promise;
  }

  return {
    /** Counts a change; does not wait. @returns a function that releases it, to be called once */
    acquire(lane: Lane, change: Change): () => void {
      const kind = change.type;
      const size = inFlightSize(change);
      counts[lane] += 1;
      if (lane === 'bulk') addToBulk(kind, size);
      return () => {
        counts[lane] -= 1;
        if (lane === 'bulk') addToBulk(kind, -size);
        released?.resolve();
        released = undefined;
      };
    },
    /** Resolves when each of the kinds is below its limit. Rejects with the signal's reason when it is aborted first. */
    async waitForCapacity(kinds: ReadonlySet<ChangeKind>, signal: AbortSignal): Promise<void> {
      const aborted = Promise.withResolvers<void>();
      const abort = () => aborted.resolve();
      signal.addEventListener('abort', abort, { once: true });
      while (!signal.aborted && isFull(kinds)) await Promise.race([nextRelease(), aborted.promise]);
      signal.removeEventListener('abort', abort);
      signal.throwIfAborted();
    },
    /** Resolves when nothing is in flight. */
    async onIdle(): Promise<void> {
      while (counts.realtime + counts.cart + counts.bulk > 0) await nextRelease();
    },
    counts: (): Record<Lane, number> => ({ ...counts }),
  };
}
