/** Ends a run in which too much fails by our own fault: the rest would fail alike. */
import { RunFailed } from './run-pause.ts';

/** A run fails when 1 % of the last 1,000 records or 20 in a row fail by our own fault (design, verdict table). */
const mostInRow = 20;
const lately = 1_000;
const mostLately = 10;

export interface FaultWatch {
  note(failed: boolean): void;
}

/** @returns a watch whose `note` throws RunFailed when it is too much */
export function createFaultWatch(): FaultWatch {
  const last: boolean[] = [];
  let inRow = 0;
  let failures = 0;
  return {
    note(failed) {
      inRow = failed ? inRow + 1 : 0;
      last.push(failed);
      if (failed) failures += 1;
      if (last.length > lately && last.shift()) failures -= 1;
      if (inRow >= mostInRow || failures >= mostLately)
        throw new RunFailed('too many records fail by our own fault: see the dead letters');
    },
  };
}
