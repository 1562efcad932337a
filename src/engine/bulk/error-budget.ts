/** Error budget of a run: fails it when so many records fail by an internal error that the rest would fail alike. */
import { RunFailed } from '../runs/errors.ts';

/** As docs/decisions.md promises: 20 failures in a row, or more than 2 % of the last 1,000 records. */
const failuresInRow = 20;
const windowSize = 1_000;
const maxFailuresInWindow = 20;

export interface ErrorBudget {
  /** Counts one evaluated record. @throws RunFailed when the budget is exceeded */
  record(failed: boolean): void;
}

export function createErrorBudget(): ErrorBudget {
  /** The last records, a ring: the next one replaces the oldest. */
  const failedAt = new Array<boolean>(windowSize).fill(false);
  let evaluated = 0;
  let inRow = 0;
  let failuresInWindow = 0;
  return {
    record(failed) {
      const slot = evaluated % windowSize;
      if (failedAt[slot]) failuresInWindow -= 1;
      if (failed) failuresInWindow += 1;
      failedAt[slot] = failed;
      evaluated += 1;
      inRow = failed ? inRow + 1 : 0;
      const isShareExceeded = evaluated >= windowSize && failuresInWindow > maxFailuresInWindow;
      if (inRow >= failuresInRow || isShareExceeded)
        throw new RunFailed('too many records failed with internal errors; see the dead letters');
    },
  };
}
