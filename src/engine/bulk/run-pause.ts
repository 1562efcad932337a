/** Pauses a run while an API is unavailable, shows the reason on the run, and resumes by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { createBackoff } from '../../lib/backoff.ts';
import { RunFailed } from '../runs/errors.ts';
import type { RunExecution } from '../runs/run-worker.ts';

const firstPauseMs = 1_000;
const maxPauseMs = 60_000;
/** Between two looks at whether load is still shed. */
const shedPollMs = 250;

/** Repeats a request while commercetools is unavailable. Rejects like `orFail`, or with the signal's reason. */
export async function untilAvailable<Result>(execution: RunExecution, request: () => Promise<Result>): Promise<Result> {
  const pause = createRunPause(execution);
  for (;;) {
    execution.signal.throwIfAborted();
    try {
      const result = await request();
      pause.over();
      return result;
    } catch (thrown) {
      await pause.orFail(thrown);
    }
  }
}

export function createRunPause({ run, signal, markDirty }: RunExecution) {
  const backoff = createBackoff({ firstMs: firstPauseMs, maxMs: maxPauseMs });
  /** Waits longer each time, until `over`. Rejects with the signal's reason once that is aborted. */
  async function wait(problem: string, retryAfterMs = 0): Promise<void> {
    signal.throwIfAborted();
    run.state = 'paused';
    run.problem = problem;
    markDirty();
    await sleep(Math.max(backoff.nextMs(), retryAfterMs), undefined, { signal });
    run.state = 'running';
  }
  return {
    wait,
    /** Waits as long as there is a reason to. Rejects with the signal's reason once that is aborted. */
    async whileShed(shedReason: () => string | undefined): Promise<void> {
      if (shedReason() === undefined) return;
      for (let reason = shedReason(); reason !== undefined; reason = shedReason()) {
        run.state = 'paused';
        run.problem = reason;
        markDirty();
        await sleep(shedPollMs, undefined, { signal });
      }
      run.state = 'running';
      delete run.problem;
      markDirty();
    },
    /** Waits while commercetools is unavailable. Rejects with RunFailed if it rejects the request, else with the error. */
    async orFail(thrown: unknown): Promise<void> {
      if (!(thrown instanceof CommercetoolsError)) throw thrown;
      if (thrown.type === 'rejected') throw new RunFailed(thrown.message);
      await wait(thrown.message, thrown.retryAfterMs);
    },
    /** A request succeeded: the next pause is a short one again. */
    over(): void {
      backoff.reset();
      delete run.problem;
    },
  };
}
