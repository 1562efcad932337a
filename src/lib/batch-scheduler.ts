/**
 * Schedules batched lookups. A batch is dispatched at once while fewer queries than the limit are in flight, else after
 * an earlier query completes, which collects more ids into each query under load.
 */

/** @param maxInFlight maximum number of concurrent queries */
export function createBatchScheduler(maxInFlight: number) {
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
    /** Schedules a batch, as DataLoader's `batchScheduleFn`. */
    schedule(dispatch: () => void): void {
      waiting.push(dispatch);
      // Lookups of the same turn of the event loop share a query.
      setImmediate(dispatchNext);
    },
    /** Counts a query as in flight until it settles. */
    async track<Result>(query: Promise<Result>): Promise<Result> {
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
