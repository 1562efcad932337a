/** Pauses a run while an API is unavailable, shows the reason on the run, and resumes by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CommercetoolsError } from '../../commercetools/errors.ts';
import { createBackoff } from '../../lib/backoff.ts';
import { RunFailed } from '../runs/errors.ts';
import type { Run } from '../runs/run.ts';
import type { RunExecution } from '../runs/run-worker.ts';

const firstPauseMs = 1_000;
const maxPauseMs = 60_000;
/** Between two looks at whether load is still shed. */
const shedPollMs = 250;

/** Repeats a request while commercetools is unavailable. Rejects like `waitOrFail`, or with the signal's reason. */
export async function untilAvailable<Result>(execution: RunExecution, request: () => Promise<Result>): Promise<Result> {
  const pause = createRunPause(execution);
  for (;;) {
    execution.signal.throwIfAborted();
    try {
      const result = await request();
      pause.reset();
      return result;
    } catch (thrown) {
      await pause.waitOrFail(thrown);
    }
  }
}

interface Problem {
  text: string;
  isWaiting: boolean;
}

/** What the parts of a run wait for, or have waited for and try again: several pages may wait at the same time. */
const problemsOf = new WeakMap<Run, Map<object, Problem>>();

/** The pause of one part of a run, such as a page. The run is `paused` while any of its parts waits. */
export function createRunPause({ run, signal, markDirty }: RunExecution) {
  const backoff = createBackoff({ firstMs: firstPauseMs, maxMs: maxPauseMs });
  const own = {};
  const problems = problemsOf.get(run) ?? new Map<object, Problem>();
  problemsOf.set(run, problems);

  function show(problem: Problem | undefined): void {
    if (problem) problems.set(own, problem);
    else problems.delete(own);
    const all = [...problems.values()];
    const waiting = all.find(({ isWaiting }) => isWaiting);
    // A run that is being stopped says so until it has ended.
    if (!signal.aborted) run.state = waiting ? 'paused' : 'running';
    const shown = waiting ?? all.at(-1);
    if (shown) run.problem = shown.text;
    else delete run.problem;
    markDirty();
  }

  async function sleepUnlessAborted(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }

  /** Waits longer each time, until `reset`. Rejects with the signal's reason once that is aborted. */
  async function wait(text: string, retryAfterMs = 0): Promise<void> {
    signal.throwIfAborted();
    show({ text, isWaiting: true });
    await sleepUnlessAborted(Math.max(backoff.nextMs(), retryAfterMs));
    show({ text, isWaiting: false });
  }

  return {
    wait,
    /** Waits as long as there is a reason to. Rejects with the signal's reason once that is aborted. */
    async whileShed(shedReason: () => string | undefined): Promise<void> {
      let reason = shedReason();
      if (reason === undefined) return;
      for (; reason !== undefined; reason = shedReason()) {
        show({ text: reason, isWaiting: true });
        await sleepUnlessAborted(shedPollMs);
      }
      show(undefined);
    },
    /** Waits while commercetools is unavailable. Rejects with RunFailed if it rejects the request, else with the error. */
    async waitOrFail(thrown: unknown): Promise<void> {
      if (!(thrown instanceof CommercetoolsError)) throw thrown;
      if (thrown.type === 'rejected') throw new RunFailed(thrown.message);
      await wait(thrown.message, thrown.retryAfterMs);
    },
    /** A request succeeded: the next pause is a short one again. */
    reset(): void {
      backoff.reset();
      if (problems.has(own)) show(undefined);
    },
  };
}
