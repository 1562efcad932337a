/** A run that can't go on now: it waits, says for what, and goes on by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import type { BulkRun } from './run-bulk.ts';

/** The run can't go on: our own fault too often. */
export class RunFailed extends Error {
  override name = 'RunFailed';
}

const firstPauseMs = 1_000;
const longestPauseMs = 60_000;

/** Waits longer each time, until something went well. */
export function createRunPause({ run, signal, markDirty: moved }: BulkRun) {
  let nextMs = firstPauseMs;
  async function wait(problem: string, retryAfterMs = 0): Promise<void> {
    signal.throwIfAborted();
    run.state = 'paused';
    run.problem = problem;
    moved();
    await sleep(Math.max(nextMs, retryAfterMs), undefined, { signal });
    nextMs = Math.min(nextMs * 2, longestPauseMs);
    run.state = 'running';
  }
  return {
    wait,
    /** Waits for commercetools; what it will never answer, and our own bugs, end the run. */
    async orFail(thrown: unknown): Promise<void> {
      if (!(thrown instanceof CommercetoolsError)) throw thrown;
      if (thrown.type === 'rejected') throw new RunFailed(thrown.message);
      await wait(thrown.message, thrown.retryAfterMs);
    },
    over(): void {
      nextMs = firstPauseMs;
      delete run.problem;
    },
  };
}
