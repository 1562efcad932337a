/**
 * Bulk jobs with the states queued, processing and complete. All effects apply on completion, so a client that does not
 * wait for the job fails its tests.
 */

import { type ErrorObject, invalid } from './errors.ts';
import { createIds } from './ids.ts';

type JobStatus = 'queued' | 'processing' | 'complete';

/** A record that failed in a job. The error's pointer refers to the job's request body. */
export type RecordFailure = { error: ErrorObject; original: unknown };

export type Job = {
  id: string;
  seq: number;
  /** Resource type of the job, such as `catalog-item-bulk-create-job`. */
  type: string;
  status: JobStatus;
  total: number;
  completed: number;
  failures: RecordFailure[];
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
};

export type Jobs = {
  /** Starts a job with `total` records. Calls `run` on completion, which returns the failed records. */
  start(type: string, total: number, run: () => RecordFailure[]): Job;
  /** Returns the error injected by a fault rule for the next record of a job of this type, if any. */
  injectedError(type: string): ErrorObject | undefined;
  /** Calls `run` after the job duration. Used by endpoints that have no job to poll. */
  runAfterJobTime(run: () => void): void;
  get(type: string, id: string): Job | undefined;
  all(type: string): Job[];
  inProgress(type: string): number;
  counts(): Record<string, number>;
  /** Deletes all jobs and cancels pending work. */
  reset(): void;
};

/** Detail of the errors that a fault rule injects. */
export const injectedErrorDetail = 'This record failed on demand.';

/**
 * Creates the job store. A job takes `jobMs` milliseconds: one third queued, the rest processing. `failsRecord` is
 * called once per record.
 */
export function createJobs(jobMs: number, failsRecord: (type: string) => boolean = () => false): Jobs {
  const ids = createIds('J');
  const jobs = new Map<string, Job>();
  const timers = new Set<NodeJS.Timeout>();
  let seq = 0;

  function after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  }

  return {
    start(type, total, run) {
      seq += 1;
      const createdAt = new Date().toISOString();
      const unfinished = { status: 'queued', completed: 0, failures: [], startedAt: null, completedAt: null } as const;
      const job: Job = { id: ids.next(), seq, type, total, createdAt, ...unfinished, failures: [] };
      jobs.set(job.id, job);
      after(jobMs / 3, () => {
        job.status = 'processing';
        job.startedAt = new Date().toISOString();
      });
      after(jobMs, () => {
        job.failures = run();
        job.completed = total - job.failures.length;
        job.status = 'complete';
        job.completedAt = new Date().toISOString();
      });
      return job;
    },
    injectedError: (type) => (failsRecord(type) ? invalid(injectedErrorDetail) : undefined),
    runAfterJobTime: (run) => after(jobMs, run),
    get(type, id) {
      const job = jobs.get(id);
      return job?.type === type ? job : undefined;
    },
    all: (type) => [...jobs.values()].filter((job) => job.type === type),
    inProgress: (type) => [...jobs.values()].filter((job) => job.type === type && job.status !== 'complete').length,
    counts: () => countBy([...jobs.values()].map((job) => `${job.type} ${job.status}`)),
    reset() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      jobs.clear();
    },
  };
}

function countBy(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
