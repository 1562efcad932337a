/**
 * Bulk jobs. A profile import is queued, processing and complete; a catalog job starts as processing. Effects apply on
 * completion unless a switch says otherwise, so a client that does not wait for the job fails its tests.
 */

import type { KlaviyoBehaviours } from './behaviours.ts';
import { type ErrorObject, invalid } from './errors.ts';
import { createIds } from './ids.ts';
import { catalogJobMs, type JobMs, profileJobMs } from './job-durations.ts';

type JobStatus = 'queued' | 'processing' | 'complete';

/** A record that failed in a job. The error's pointer refers to the job's request body. */
export type RecordFailure = { error: ErrorObject; original: unknown };

/** Failures of a job, and the ids of the records that succeeded. */
export type JobResult = { failures: RecordFailure[]; recordIds: string[] };

export type Job = {
  id: string;
  seq: number;
  /** Resource type of the job, such as `catalog-item-bulk-create-job`. */
  type: string;
  status: JobStatus;
  total: number;
  completed: number;
  failures: RecordFailure[];
  recordIds: string[];
  createdAt: string;
  startedAt: string | null;
  completedAt: string | null;
};

export type Jobs = {
  /** Starts a profile import of `total` records, which calls `run` on completion. */
  startImport(type: string, total: number, run: () => JobResult): Job;
  /** Starts a catalog job of `total` records, which calls `run` on completion, or before as the switch says. */
  startCatalogJob(type: string, total: number, run: () => JobResult): Job;
  /** Returns the error injected by a fault rule for the next record of a job of this type, if any. */
  injectedError(type: string): ErrorObject | undefined;
  /** Calls `run` after the duration of a profile job. Used by endpoints that have no job to poll. */
  runAfterJobTime(run: () => void): void;
  get(type: string, id: string): Job | undefined;
  all(type: string): Job[];
  inProgress(type: string): number;
  counts(): Record<string, number>;
  /** Jobs that start from now on take so many milliseconds; undefined: as long as usual. */
  overrideDuration(ms: number | undefined): void;
  /** Deletes all jobs and cancels pending work. */
  reset(): void;
};

/** Detail of the errors that a fault rule injects. */
export const injectedErrorDetail = 'This record failed on demand.';

export type JobOptions = {
  jobMs: JobMs;
  /** Called once per record; returns whether a fault rule fails it. */
  failsRecord: (type: string) => boolean;
  behaviours: Pick<KlaviyoBehaviours, 'catalogJobRecords'>;
};

/** Creates the job store. An import is queued for a third of its duration. */
export function createJobs({ jobMs, failsRecord, behaviours }: JobOptions): Jobs {
  let duration = jobMs;
  const ids = createIds('J');
  const jobs = new Map<string, Job>();
  const timers = new Set<NodeJS.Timeout>();
  const catalogJobsByType = new Map<string, number>();
  let seq = 0;

  function after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  }

  function create(type: string, total: number, fields: { id: string; status: JobStatus; startedAt: string | null }) {
    seq += 1;
    const createdAt = new Date().toISOString();
    const unfinished = { completed: 0, failures: [], recordIds: [], completedAt: null };
    const job: Job = { seq, type, total, createdAt, ...unfinished, ...fields };
    jobs.set(job.id, job);
    return job;
  }

  function apply(job: Job, { failures, recordIds }: JobResult): void {
    job.failures = failures;
    job.recordIds = recordIds;
    job.completed = job.total - failures.length;
  }

  function complete(job: Job): void {
    job.status = 'complete';
    job.completedAt = new Date().toISOString();
  }

  return {
    startImport(type, total, run) {
      const job = create(type, total, { id: importJobId(seq + 1), status: 'queued', startedAt: null });
      const ms = profileJobMs(duration);
      // One after the other: two timers that are late at the same moment may fire in either order.
      after(ms / 3, () => {
        job.status = 'processing';
        job.startedAt = new Date().toISOString();
        after((ms * 2) / 3, () => {
          apply(job, run());
          complete(job);
        });
      });
      return job;
    },
    startCatalogJob(type, total, run) {
      const nth = (catalogJobsByType.get(type) ?? 0) + 1;
      catalogJobsByType.set(type, nth);
      const job = create(type, total, { id: ids.next(), status: 'processing', startedAt: new Date().toISOString() });
      const ms = catalogJobMs(duration, nth);
      const early = behaviours.catalogJobRecords === 'before-completion';
      after(ms / 3, () => {
        if (early) apply(job, run());
        after((ms * 2) / 3, () => {
          if (!early) apply(job, run());
          complete(job);
        });
      });
      return job;
    },
    injectedError: (type) => (failsRecord(type) ? invalid(injectedErrorDetail) : undefined),
    runAfterJobTime: (run) => after(profileJobMs(duration), run),
    overrideDuration(ms) {
      duration = ms ?? jobMs;
    },
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
      catalogJobsByType.clear();
    },
  };
}

/** Returns the id of an import job, like Klaviyo's: unpadded base64, whose letters differ in case. */
function importJobId(seq: number): string {
  const unix = Math.floor(Date.now() / 1_000);
  return Buffer.from(`SNDBOX_maintenance.Import.${unix}.${String(seq).padStart(6, '0')}`).toString('base64url');
}

function countBy(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
