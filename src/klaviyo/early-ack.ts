/**
 * Acknowledges realtime changes as soon as Klaviyo has accepted their job and the job is stored, since a job may take longer
 * than a broker's deadline. The receipt after the job has ended follows in `settled`.
 */
import type { SharedSignal } from '../lib/shared-signal.ts';
import type { Lane } from './api/rate-limiter.ts';
import type { AcceptedJob } from './batching/job-poller.ts';
import type { Receipt } from './change.ts';

export interface EarlyAckEntry<Origin> {
  /** Of every realtime change that was coalesced into it. Without one there is nothing to recover the change by. */
  origins: readonly Origin[];
  lane: Lane;
  deadline: Pick<SharedSignal, 'detach'>;
  resolve(receipt: Receipt): void;
  /** Set when the entry was acknowledged early; resolves with the receipt after the job has ended. */
  settled?: PromiseWithResolvers<Receipt>;
}

/** Stores an accepted job with the origins of its changes. */
export type StoreJob<Origin> = (job: AcceptedJob, origins: readonly Origin[]) => Promise<void>;

/**
 * @param storeJob when it rejects, the entries are not acknowledged early but wait for the end of the job
 * @returns a function to be called for each record of an accepted job that has a callback; `records`: how many have one
 */
export function createEarlyAck<Origin>(storeJob: StoreJob<Origin>) {
  /** Jobs whose records were not all reported yet. */
  const reportedJobs = new Map<string, { entries: Set<EarlyAckEntry<Origin>>; remaining: number }>();

  async function acknowledge(job: AcceptedJob, entries: readonly EarlyAckEntry<Origin>[]): Promise<void> {
    const origins = entries.flatMap((entry) => entry.origins);
    try {
      await storeJob(job, origins);
    } catch {
      return;
    }
    for (const entry of entries) {
      // Acknowledged meanwhile with another job, or settled.
      if (entry.settled) continue;
      entry.settled = Promise.withResolvers<Receipt>();
      // The change is written to the end from now on: its message will not be redelivered.
      entry.deadline.detach();
      entry.resolve({ outcome: 'delivered', settled: entry.settled.promise });
    }
  }

  // Collects a job's records, so that the job is stored once with all of them.
  return (entry: EarlyAckEntry<Origin>, job: AcceptedJob, records: number): void => {
    const key = `${job.endpoint}:${job.id}`;
    // An item has several records in a job: its variants.
    const { entries, remaining } = reportedJobs.get(key) ?? { entries: new Set(), remaining: records };
    if (entry.lane === 'realtime' && entry.origins.length > 0 && !entry.settled) entries.add(entry);
    if (remaining > 1) {
      reportedJobs.set(key, { entries, remaining: remaining - 1 });
      return;
    }
    reportedJobs.delete(key);
    if (entries.size > 0) void acknowledge(job, [...entries]);
  };
}
