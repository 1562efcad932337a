/**
 * Jobs that Klaviyo accepted in realtime and that have not ended: their messages are acknowledged, so the store knows of
 * their records until the last word on each is in. What a dead process left is looked after by any other one: when the
 * job has ended its records are told once more, as they are by then. Also where it ended without an error: a newer write
 * of some process may have gone before the job's, and the dead one alone would have held it back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { AcceptedJob, JobState } from '../../klaviyo/batching/job-poller.ts';
import { causeSchema, recordRefSchema } from '../../rules/types.ts';
import type { Store, Versioned } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';

const container = 'ctk-jobs';

const aboutSchema = z.object({ record: recordRefSchema, rule: z.string(), cause: causeSchema });
/** What is remembered of a change: nothing but references. */
export type ChangeOrigin = z.infer<typeof aboutSchema>;

const pendingSchema = z.object({
  /** Where the job is asked for, and its id. */
  job: z.object({ endpoint: z.string(), id: z.string() }),
  records: z.array(aboutSchema),
});

export interface AcceptedJobs {
  /** Resolves when the job's records are safe. Rejects with a StoreFailure. */
  accepted(job: AcceptedJob, abouts: readonly ChangeOrigin[]): Promise<void>;
  /** The last word on this change is in, and what was to be kept of it is kept. */
  settled(about: ChangeOrigin | undefined): void;
  /** The last word came and could not be kept: it is looked after later, as if this process had died. */
  leave(about: ChangeOrigin | undefined): void;
  /** Looks after what other processes left from now on. */
  open(): void;
  /** Resolves when nothing is looked after any more. */
  shutdown(): Promise<void>;
}

export interface AcceptedJobsDeps {
  store: Store;
  activity: AppEvents;
  /** A record that stands still for so long was left by its process. */
  leftAfterMs: number;
  /** How the job stands with Klaviyo. */
  stateOf(job: AcceptedJob): Promise<JobState>;
  /** Tells and sends once more. @returns whether that came to an end */
  tellAgain(about: ChangeOrigin): Promise<boolean>;
}

/** A record of the store stays below a megabyte. */
const maxInRecord = 1_500;
const looks = 4;
/** Records of a job that are told again side by side. */
const maxAtOnce = 20;

interface Own {
  key: string;
  open: Set<ChangeOrigin>;
  stored: boolean;
}

export function createAcceptedJobs(parts: AcceptedJobsDeps): AcceptedJobs {
  const { store, leftAfterMs } = parts;
  const ownByAbout = new Map<ChangeOrigin, Own>();
  const managedKeys = new Set<string>();
  const seen = new Map<string, { version: number; at: number }>();
  const stopping = new AbortController();
  const { signal } = stopping;
  let watching: Promise<void> = Promise.resolve();
  let trouble = false;

  /** What can't be removed now is found by whoever looks next, and done once more. */
  function forget({ key }: Own): void {
    managedKeys.delete(key);
    void store.remove({ container, key }).catch(() => undefined);
  }

  async function keep(job: AcceptedJob, abouts: readonly ChangeOrigin[], part: number): Promise<void> {
    const own: Own = { key: `${job.endpoint}-${job.id}-${part}`, open: new Set(abouts), stored: false };
    for (const about of abouts) ownByAbout.set(about, own);
    managedKeys.add(own.key);
    try {
      await store.put({ container, key: own.key }, { job, records: abouts });
    } catch (thrown) {
      managedKeys.delete(own.key);
      for (const about of abouts) ownByAbout.delete(about);
      throw thrown;
    }
    own.stored = true;
    if (own.open.size === 0) forget(own);
  }

  /** By this process's own clock, as with leases. */
  function isLeft({ key, version }: Versioned): boolean {
    const before = seen.get(key);
    if (before?.version === version) return performance.now() - before.at > leftAfterMs;
    seen.set(key, { version, at: performance.now() });
    return false;
  }

  async function tellAllAgain(abouts: readonly ChangeOrigin[]): Promise<boolean> {
    let through = true;
    for (let from = 0; from < abouts.length && !signal.aborted; from += maxAtOnce) {
      const ended = await Promise.all(abouts.slice(from, from + maxAtOnce).map(parts.tellAgain));
      through &&= ended.every(Boolean);
    }
    return through && !signal.aborted;
  }

  async function lookAfter({ key, value, version }: Versioned): Promise<void> {
    const { success, data: pending } = pendingSchema.safeParse(value);
    if (!success) return void (await store.remove({ container, key }, version));
    const state = await parts.stateOf(pending.job);
    if (state !== 'ended') return;
    // Whoever writes first looks after it; the others see another version.
    const taken = await store.put({ container, key }, pending, version);
    if (taken === 'stale') return;
    if (await tellAllAgain(pending.records)) await store.remove({ container, key }, taken);
  }

  async function poll(): Promise<void> {
    const there = new Set<string>();
    for await (const found of store.list(container)) {
      there.add(found.key);
      if (signal.aborted) return;
      if (!managedKeys.has(found.key) && isLeft(found)) await lookAfter(found);
    }
    for (const key of seen.keys()) if (!there.has(key)) seen.delete(key);
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      try {
        await poll();
        trouble = false;
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : 'unknown';
        if (!trouble) parts.activity.emit({ type: 'warning', detail: `can't look after jobs of others: ${why}` });
        trouble = true;
      }
      await sleep(leftAfterMs / looks, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    async accepted(job, abouts) {
      const keeping: Promise<void>[] = [];
      for (let from = 0; from < abouts.length; from += maxInRecord)
        keeping.push(keep(job, abouts.slice(from, from + maxInRecord), from / maxInRecord));
      await Promise.all(keeping);
    },
    leave(about) {
      const own = about && ownByAbout.get(about);
      if (own) managedKeys.delete(own.key);
    },
    settled(about) {
      const own = about && ownByAbout.get(about);
      if (!own) return;
      ownByAbout.delete(about);
      own.open.delete(about);
      if (own.open.size === 0 && own.stored) forget(own);
    },
    open() {
      watching = watch();
    },
    async shutdown() {
      stopping.abort();
      await watching;
    },
  };
}
