/**
 * Syncs that start by themselves, for deployments without a scheduler. Each process that works off syncs waits for each
 * tick; of all that share the store the first one to put the tick there queues the run. What was due while no process ran
 * is not made up for: with `since: last` the next one covers it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cron } from 'croner';
import { z } from 'zod';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import type { Store } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import type { Runs } from './runs.ts';

export interface Plan {
  /** Five fields, or six with the second first. https://croner.56k.guru/usage/pattern/ */
  cron: string;
  since?: 'last' | undefined;
}

export interface Plans extends Partial<Record<BulkResource, Plan | undefined>> {
  /** Of IANA, such as Europe/Berlin. */
  timeZone: string;
}

export interface Scheduler {
  /** Queues runs from now on. */
  open(): void;
  /** Resolves when it queues nothing any more. */
  shutdown(): Promise<void>;
}

export interface SchedulerDeps {
  store: Store;
  runs: Pick<Runs, 'start'>;
  plans: Plans;
  events: AppEvents;
  now(): Date;
}

interface Tick {
  resource: BulkResource;
  plan: Plan;
  /** ISO 8601: when it is due, not when it is heard; so it is the same for all processes. */
  at: string;
}

const container = 'ctk-schedule';
/** The latest tick of a resource and who was first. */
const claimSchema = z.object({ at: z.string(), by: z.string() });

/** Clocks are set and machines sleep: the time that is left is looked at anew. */
const longestSleepMs = 60_000;
const tryAgainMs = 2_000;

export function createScheduler({ store, runs, plans, events, now }: SchedulerDeps): Scheduler {
  const stopping = new AbortController();
  const { signal } = stopping;
  const self = randomUUID();
  let keeping: Promise<unknown> = Promise.resolve();

  const sleepFor = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);

  async function keep(resource: BulkResource, plan: Plan): Promise<void> {
    const cron = cronOf(plan, plans);
    for (let due = cron.nextRun(now()); due !== null; due = cron.nextRun(due > now() ? due : now())) {
      for (let left = msUntil(due); left > 0 && !signal.aborted; left = msUntil(due))
        await sleepFor(Math.min(left, longestSleepMs));
      if (signal.aborted) return;
      await take({ resource, plan, at: due.toISOString() }, cron.nextRun(due) ?? due);
    }
  }

  function msUntil(due: Date): number {
    return due.getTime() - now().getTime();
  }

  /** @param next while the store is away it is tried again until then */
  async function take(tick: Tick, next: Date): Promise<void> {
    let told = false;
    for (;;) {
      try {
        if (await isFirst(tick)) await queue(tick);
        return;
      } catch (thrown) {
        const why = thrown instanceof Error ? thrown.message : 'unknown';
        const detail = `the sync of ${tick.resource} that was due at ${tick.at} can't be queued now: ${why}`;
        if (!told) events.emit({ type: 'warning', detail });
        told = true;
      }
      await sleepFor(tryAgainMs);
      if (signal.aborted || msUntil(next) <= 0) return;
    }
  }

  /** Exactly one process is; it stays so when it asks again. */
  async function isFirst({ resource, at }: Tick): Promise<boolean> {
    const place = { container, key: resource };
    for (;;) {
      const before = await store.get(place);
      const { data: claim } = claimSchema.safeParse(before?.value);
      if (claim && claim.at >= at) return claim.at === at && claim.by === self;
      const version = await store.put(place, { at, by: self }, before?.version ?? 'absent');
      if (version !== 'stale') return true;
    }
  }

  async function queue({ resource, plan: { cron, since }, at }: Tick): Promise<void> {
    const answer = await runs.start(resource, since === undefined ? {} : { since }, 'schedule');
    // No sync has completed yet, so there is no `last`: everything, once.
    if ('refused' in answer) return queue({ resource, plan: { cron }, at });
    const [outcome, run] =
      'started' in answer ? (['queued', answer.started] as const) : (['skipped', answer.running] as const);
    events.emit({ type: 'scheduled', resource, at, outcome, runId: run.id });
  }

  return {
    open() {
      keeping = Promise.all(
        planned(plans).map(([resource, plan]) =>
          keep(resource, plan).catch((thrown: unknown) => {
            const why = thrown instanceof Error ? thrown.message : 'unknown';
            events.emit({ type: 'warning', detail: `no sync of ${resource} starts by itself any more: ${why}` });
          }),
        ),
      );
    },
    async shutdown() {
      stopping.abort();
      await keeping;
    },
  };
}

/** @returns the next times of each planned resource, ISO 8601 */
export function nextTimes(plans: Plans, after: Date): Record<string, string[]> {
  const times = planned(plans).map(([resource, plan]) => [
    resource,
    cronOf(plan, plans)
      .nextRuns(3, after)
      .map((time) => time.toISOString()),
  ]);
  return Object.fromEntries(times);
}

function planned(plans: Plans): [BulkResource, Plan][] {
  return bulkResources.flatMap((resource): [BulkResource, Plan][] => {
    const plan = plans[resource];
    return plan ? [[resource, plan]] : [];
  });
}

/** Paused: croner reads the pattern, and the waiting is ours. */
function cronOf({ cron }: Plan, { timeZone }: Plans): Cron {
  return new Cron(cron, { paused: true, timezone: timeZone });
}
