/** When a look-up that gathers ids asks: at once while the API is idle, else when an earlier query has come back. */

export interface BatchScheduler {
  /** For DataLoader's `batchScheduleFn`. */
  schedule(dispatch: () => void): void;
  /** Counts a query until it is answered. */
  track<Answer>(query: Promise<Answer>): Promise<Answer>;
}

/** @param mostOpen queries under way at a time; what is asked for meanwhile shares the next one */
export function createBatchScheduler(maxOpen: number): BatchScheduler {
  const waiting: (() => void)[] = [];
  let open = 0;

  function next(): void {
    while (open < maxOpen) {
      const dispatch = waiting.shift();
      if (!dispatch) return;
      dispatch();
    }
  }

  return {
    schedule(dispatch) {
      waiting.push(dispatch);
      // Everything that is asked for at this moment goes together.
      setImmediate(next);
    },
    async track(query) {
      open += 1;
      try {
        return await query;
      } finally {
        open -= 1;
        next();
      }
    },
  };
}
