/** Error budget of a run: fails it when so many records fail by an internal error that the rest would fail alike. */
import { RunFailed } from '../runs/errors.ts';

/** As docs/decisions.md promises: 20 failures in a row, or more than 2 % of the last 1,000 records. */
const failuresInRow = 20;
const windowSize = 1_000;
const maxFailuresInWindow = 20;

export function createErrorBudget() {
  /** Whether each of the last records failed. */
  const recent: boolean[] = [];
  return {
    /** Counts one evaluated record. @throws RunFailed when the budget is exceeded */
    record(failed: boolean): void {
      recent.push(failed);
      if (recent.length > windowSize) recent.shift();
      const isRowExceeded = recent.length >= failuresInRow && recent.slice(-failuresInRow).every(Boolean);
      const isShareExceeded = recent.length === windowSize && recent.filter(Boolean).length > maxFailuresInWindow;
      if (isRowExceeded || isShareExceeded)
        throw new RunFailed('too many records failed with internal errors; see the dead letters');
    },
  };
}
