/** Error budget of a run: fails it when so many records fail by an internal error that the rest would fail alike. */
import { RunFailed } from '../runs/errors.ts';

/** As docs/decisions.md promises: 20 failures in a row, or more than 2 % of the last 1,000 records. */
const failuresInRow = 20;
const windowSize = 1_000;
const maxFailuresInWindow = 20;

export function createErrorBudget() {
  let evaluated = 0;
  let inRow = 0;
  /** Which of the last records failed, by number. */
  const failures: number[] = [];
  return {
    /** Counts one evaluated record. @throws RunFailed when the budget is exceeded */
    record(failed: boolean): void {
      evaluated += 1;
      inRow = failed ? inRow + 1 : 0;
      if (failed) failures.push(evaluated);
      if (failures[0] === evaluated - windowSize) failures.shift();
      const isShareExceeded = evaluated >= windowSize && failures.length > maxFailuresInWindow;
      if (inRow >= failuresInRow || isShareExceeded)
        throw new RunFailed('too many records failed with internal errors; see the dead letters');
    },
  };
}
