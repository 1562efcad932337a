/** What the execution of a run gets from the worker that holds the run. */
import type { Run } from './run.ts';

export interface RunExecution {
  /** Its counts, state and checkpoint are updated while it is executed. */
  run: Run;
  /** Aborted with a RunEnded: what is in flight completes, nothing new is started. */
  signal: AbortSignal;
  /** The run has changed and must be stored; cheap to call. */
  markDirty(): void;
}

/** Executes a run to its end. Rejects with RunFailed, or with the signal's reason once that is aborted. */
export type ExecuteRun = (execution: RunExecution) => Promise<void>;
