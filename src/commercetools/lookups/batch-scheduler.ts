/**
 * Schedules batched lookups. A batch is dispatched at once while fewer queries than the limit are in flight, else after
 * an earlier query completes, which collects more ids into each query under load.
 */

export interface BatchScheduler {
  /** Schedules a batch. Pass it to DataLoader as `batchScheduleFn`. */
  schedule(dispatch: () => void): void;
  /** Counts a query as in flight until it settles. */
  track<Result>(query: Promise<Result>): Promise<Result>;
}

/** @param maxInFlight maximum number of concurrent queries */
export function createBatchScheduler(maxInFlight: number): BatchScheduler {
  const waiting: (() => void)[] = [];
  let inFlight = 0;

  function dispatchNext(): void {
    while (inFlight < maxInFlight) {
      const dispatch = waiting.shift();
      if (!dispatch) return;
      dispatch();
    }
  }

  return {
    schedule(dispatch) {
      waiting.push(dispatch);
      // Lookups of the same turn of the event loop share a query.
      setImmediate(dispatchNext);
    },
    async track(query) {
      inFlight += 1;
      try {
        return await query;
      } finally {
        inFlight -= 1;
        dispatchNext();
      }
    },
  };
}
