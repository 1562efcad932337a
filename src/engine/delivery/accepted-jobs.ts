/**
 * Stores the bulk jobs that Klaviyo accepted in realtime. Their messages are acknowledged before the jobs end, so the
 * store keeps references to the records until the last receipt is in. orphaned-jobs.ts recovers what a dead process left.
 */
import { z } from 'zod';
import type { AcceptedJob } from '../../klaviyo/batching/job-poller.ts';
import { chunksOf } from '../../lib/chunks.ts';
import { recordRefSchema } from '../../rules/types.ts';
import { type Store, storedFormat } from '../../store/store.ts';
import { storedCauseSchema } from './stored-cause.ts';

/** A container of its own for format 2: a process of the previous version deletes records that it can't parse. */
export const acceptedJobsContainer = 'ctk-accepted-jobs';

const originSchema = z.object({ record: recordRefSchema, rule: z.string(), cause: storedCauseSchema });
/** The record and rule that a change comes from, and why it was evaluated. Holds references only. */
export type ChangeOrigin = z.infer<typeof originSchema>;

/** Loose: recovery writes the object back, with what another version may have added. */
export const acceptedJobSchema = z.looseObject({
  /** The endpoint that is polled for the job, and the job's id. */
  job: z.object({ endpoint: z.string(), id: z.string() }),
  records: z.array(originSchema),
  /** ISO 8601; earlier versions did not store it. */
  acceptedAt: z.string().optional().catch(undefined),
});

export interface AcceptedJobs {
  /** Resolves when the job's origins are stored. Rejects with a StoreError. */
  accepted(job: AcceptedJob, origins: readonly ChangeOrigin[]): Promise<void>;
  /** The change has its last receipt, and its dead letter, if any, is stored. */
  settled(origin: ChangeOrigin | undefined): void;
  /** The last receipt could not be stored, or is not known when this process ends: leaves the job to recovery. */
  abandon(origin: ChangeOrigin | undefined): void;
  /** Whether this process still waits for a stored job. */
  isOwn(key: string): boolean;
}

/** Keeps a custom object below 1 MB. */
const maxOriginsPerObject = 1_500;

interface OwnJob {
  key: string;
  open: Set<ChangeOrigin>;
  stored: boolean;
}

export interface AcceptedJobsDeps {
  store: Store;
  /** The clock that `OrphanedJobsDeps` has too. */
  now(): Date;
}

export function createAcceptedJobs({ store, now }: AcceptedJobsDeps): AcceptedJobs {
  /** A change may be in several jobs: an item has many variants. */
  const jobsByOrigin = new Map<ChangeOrigin, Set<OwnJob>>();
  const ownKeys = new Set<string>();

  function remove({ key }: OwnJob): void {
    ownKeys.delete(key);
    // An object that can't be removed now is found by recovery, which sends its records once more.
    void store.remove({ container: acceptedJobsContainer, key }).catch(() => undefined);
  }

  function forget(origin: ChangeOrigin, own: OwnJob): void {
    const jobs = jobsByOrigin.get(origin);
    jobs?.delete(own);
    if (jobs?.size === 0) jobsByOrigin.delete(origin);
  }

  async function put(job: AcceptedJob, origins: readonly ChangeOrigin[], part: number): Promise<void> {
    const own: OwnJob = { key: `${job.endpoint}-${job.id}-${part}`, open: new Set(origins), stored: false };
    for (const origin of origins) jobsByOrigin.set(origin, (jobsByOrigin.get(origin) ?? new Set()).add(own));
    ownKeys.add(own.key);
    try {
      const value = { format: storedFormat, job, acceptedAt: now().toISOString(), records: origins };
      await store.put({ container: acceptedJobsContainer, key: own.key }, value);
    } catch (thrown) {
      ownKeys.delete(own.key);
      for (const origin of origins) forget(origin, own);
      throw thrown;
    }
    own.stored = true;
    if (own.open.size === 0) remove(own);
  }

  return {
    async accepted(job, origins) {
      const parts = chunksOf(origins, { maxItems: maxOriginsPerObject });
      await Promise.all(parts.map((chunk, part) => put(job, chunk, part)));
    },
    settled(origin) {
      if (!origin) return;
      for (const own of jobsByOrigin.get(origin) ?? []) {
        own.open.delete(origin);
        if (own.open.size === 0 && own.stored) remove(own);
      }
      jobsByOrigin.delete(origin);
    },
    abandon(origin) {
      for (const { key } of (origin && jobsByOrigin.get(origin)) ?? []) ownKeys.delete(key);
    },
    isOwn: (key) => ownKeys.has(key),
  };
}
