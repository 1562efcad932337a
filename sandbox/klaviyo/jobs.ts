/**
 * Bulk jobs: accepted at once, done later. A job is queued, then processing, then complete; its effect comes all at
 * once when it completes, so that a caller who does not wait for it is found out.
 */

import { type ErrorObject, invalid } from './errors.ts';
import { createIds } from './ids.ts';

type JobStatus = 'queued' | 'processing' | 'complete';

/** What one record of the job led to: nothing wrong, or a problem with a pointer into the job's body. */
export type RecordFailure = { error: ErrorObject; original: unknown };

export type Job = {
  id: string;
  seq: number;
  /** The resource type of the job, such as `catalog-item-bulk-create-job`. */
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
  /** Starts a job over `total` records; `run` is called when it completes and returns the records that failed. */
  start(type: string, total: number, run: () => RecordFailure[]): Job;
  /** Why the next record of a job of this type fails, whatever it says: a fault on demand. */
  injectedError(type: string): ErrorObject | undefined;
  /** Runs something once the time of a job has passed, for endpoints that answer without a job to poll. */
  runAfterJobTime(run: () => void): void;
  get(type: string, id: string): Job | undefined;
  all(type: string): Job[];
  inProgress(type: string): number;
  counts(): Record<string, number>;
  /** Forgets every job and drops what waits. */
  reset(): void;
};

/** What the errors of records say that failed on demand. */
export const injectedErrorDetail = 'This record failed on demand.';

/**
 * Jobs that take `jobMs` milliseconds: a third of it queued, the rest processing. `failsRecord` is asked for each record.
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
