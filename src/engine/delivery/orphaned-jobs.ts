/**
 * Recovers accepted jobs that a dead process left in the store: once the job has ended, or never will, its records are read
 * and sent again. This also happens for a job without errors: its write may have landed after a newer one of another
 * process, and only the dead process would have held it back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AcceptedJob, JobState } from '../../klaviyo/batching/job-poller.ts';
import { chunksOf } from '../../lib/chunks.ts';
import { messageOf } from '../../lib/errors.ts';
import { reportFirstFailure } from '../../lib/first-failure.ts';
import type { Store, StoredRecord, StoreKey } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { type AcceptedJobs, acceptedJobSchema, acceptedJobsContainer, type ChangeOrigin } from './accepted-jobs.ts';

/** Format 1 was stored here. */
const formatOneContainer = 'ctk-jobs';
const containers = [acceptedJobsContainer, formatOneContainer];

export type OrphanedJobs = ReturnType<typeof createOrphanedJobs>;

export interface OrphanedJobsDeps {
  store: Store;
  events: AppEvents;
  acceptedJobs: Pick<AcceptedJobs, 'isOwn'>;
  /** A stored job whose version stands still for this long belongs to a dead process. */
  orphanedAfterMs: number;
  /** A job that has not ended by then never will. */
  maxJobMs: number;
  /** A clock that all processes share, as far as possible: it is compared with the time that another one stored. */
  now(): Date;
  jobState(job: AcceptedJob): Promise<JobState>;
  /** Reads and sends a record again. @returns whether that is settled; otherwise it is tried again later */
  resend(origin: ChangeOrigin): Promise<boolean>;
}

const pollsPerTimeout = 4;
/** Records of a job that are sent again concurrently. */
const maxConcurrent = 20;

export function createOrphanedJobs(deps: OrphanedJobsDeps) {
  const { store, orphanedAfterMs } = deps;
  const seen = new Map<string, { version: number; at: number; firstAt: number }>();
  let stopping = new AbortController();
  const runSafely = reportFirstFailure((thrown) =>
    deps.events.emit({ type: 'warning', detail: `can't poll for orphaned jobs: ${messageOf(thrown)}` }),
  );
  let polling: Promise<void> = Promise.resolve();

  /** Measured by this process's own clock, as with leases. */
  function isOrphaned(id: string, version: number): boolean {
    const before = seen.get(id);
    if (before?.version === version) return performance.now() - before.at > orphanedAfterMs;
    const at = performance.now();
    seen.set(id, { version, at, firstAt: before?.firstAt ?? at });
    return false;
  }

  /** A job without the time, and one whose time is wrong, counts from when this process first saw it. */
  function isOverdue(id: string, acceptedAt: string | undefined): boolean {
    const seenMs = performance.now() - (seen.get(id)?.firstAt ?? performance.now());
    const acceptedMs = acceptedAt === undefined ? 0 : deps.now().getTime() - Date.parse(acceptedAt);
    return seenMs >= deps.maxJobMs || acceptedMs >= deps.maxJobMs;
  }

  async function resendAll(origins: readonly ChangeOrigin[]): Promise<boolean> {
    let settled = true;
    for (const chunk of chunksOf(origins, { maxItems: maxConcurrent })) {
      if (stopping.signal.aborted) return false;
      const results = await Promise.all(chunk.map(deps.resend));
      settled &&= results.every(Boolean);
    }
    return settled && !stopping.signal.aborted;
  }

  async function recover(id: string, at: StoreKey, { value, version }: StoredRecord): Promise<void> {
    const { success, data: stored } = acceptedJobSchema.safeParse(value);
    if (!success) {
      deps.events.emit({ type: 'warning', detail: `the stored job ${at.key} can't be read; it is deleted` });
      await store.remove(at, version);
      return;
    }
    if (!isOverdue(id, stored.acceptedAt) && (await deps.jobState(stored.job)) !== 'ended') return;
    // Claims the job: of several processes the first write wins, and the others see another version.
    const claimed = await store.put(at, stored, version);
    if (claimed === 'stale') return;
    if (await resendAll(stored.records)) await store.remove(at, claimed);
  }

  async function poll(): Promise<void> {
    const present = new Set<string>();
    for (const container of containers) {
      for await (const stored of store.list(container)) {
        const id = `${container}/${stored.key}`;
        present.add(id);
        if (stopping.signal.aborted) return;
        const at = { container, key: stored.key };
        if (!deps.acceptedJobs.isOwn(stored.key) && isOrphaned(id, stored.version)) await recover(id, at, stored);
      }
    }
    for (const id of seen.keys()) if (!present.has(id)) seen.delete(id);
  }

  async function pollUntilStopped({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      await runSafely(poll);
      await sleep(orphanedAfterMs / pollsPerTimeout, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    /** Polls for orphaned jobs from now on, also after a shutdown. */
    open(): void {
      stopping = new AbortController();
      polling = pollUntilStopped(stopping);
    },
    /** @returns the names of all stored jobs, whether orphaned or not. Rejects with a StoreError. */
    async stored(): Promise<Set<string>> {
      const names = new Set<string>();
      for (const container of containers)
        for await (const { key } of store.list(container)) names.add(`${container}/${key}`);
      return names;
    },
    /** Resolves when nothing is being recovered any more. */
    async shutdown(): Promise<void> {
      stopping.abort();
      await polling;
    },
  };
}
