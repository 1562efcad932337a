/**
 * Starts syncs by schedule, for deployments without a scheduler. Each process that executes syncs waits for each tick; the
 * first one that stores the tick queues the run. A tick that was due while no process ran is not made up for: with
 * `since: last` the next one covers it. A process that works within requests only asks which ticks were due since the last
 * request instead of waiting.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cron } from 'croner';
import { z } from 'zod';
import { type BulkResource, bulkResources } from '../../commercetools/schemas.ts';
import { messageOf } from '../../lib/errors.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { type Store, untilWritten } from '../../store/store.ts';
import type { AppEvents } from '../../telemetry/app-events.ts';
import { describeFlowCount, flowConfirmation } from './flow-confirmation.ts';
import type { Runs, StartResult } from './runs.ts';

export interface Plan {
  /** Five fields, or six with seconds first. https://croner.56k.guru/usage/pattern/ */
  cron: string;
  since?: 'last' | undefined;
  /** False: events trigger flows. */
  backfill?: boolean | undefined;
  /** The events may trigger flows. */
  confirm?: typeof flowConfirmation | undefined;
}

export interface Plans extends Partial<Record<BulkResource, Plan | undefined>> {
  /** An IANA time zone, such as Europe/Berlin. */
  timeZone: string;
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
  /** ISO 8601: when it is due, which is the same time in all processes. */
  at: string;
}

const container = 'ctk-schedule';
/** The latest tick of a resource, and the process that stored it. */
const claimSchema = z.object({ at: z.string(), by: z.string() });

/** Clocks are set and machines sleep: the remaining time is computed again after each sleep. */
const maxSleepMs = 60_000;
const retryMs = 2_000;

export function createScheduler({ store, runs, plans, events, now }: SchedulerDeps) {
  const stopping = new AbortController();
  const { signal } = stopping;
  const self = randomUUID();
  const warn = (detail: string) => events.emit({ type: 'warning', detail });
  let waiting: Promise<unknown> = Promise.resolve();

  const sleepFor = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);

  async function runPlan(resource: BulkResource, plan: Plan): Promise<void> {
    const cron = cronOf(plan, plans);
    for (let due = cron.nextRun(now()); due !== null; due = cron.nextRun(due > now() ? due : now())) {
      for (let left = msUntil(due); left > 0 && !signal.aborted; left = msUntil(due))
        await sleepFor(Math.min(left, maxSleepMs));
      if (signal.aborted) return;
      await take({ resource, plan, at: due.toISOString() }, cron.nextRun(due) ?? due);
    }
  }

  function msUntil(due: Date): number {
    return due.getTime() - now().getTime();
  }

  /** @param next the following tick; until then a failed attempt is repeated */
  async function take(tick: Tick, next: Date): Promise<void> {
    let reported = false;
    for (;;) {
      try {
        if (await isFirst(tick)) await queue(tick);
        return;
      } catch (thrown) {
        const why = messageOf(thrown);
        const detail = `the sync of ${tick.resource} that was due at ${tick.at} can't be queued now: ${why}`;
        if (!reported) warn(detail);
        reported = true;
      }
      await sleepFor(retryMs);
      if (signal.aborted || msUntil(next) <= 0) return;
    }
  }

  /** True for exactly one process, also when it asks again. */
  async function isFirst({ resource, at: due }: Tick): Promise<boolean> {
    const at = { container, key: resource };
    return untilWritten(async () => {
      const before = await store.get(at);
      const { data: claim } = claimSchema.safeParse(before?.value);
      if (claim && claim.at >= due) return claim.at === due && claim.by === self;
      const version = await store.put(at, { at: due, by: self }, before?.version ?? 'absent');
      return version === 'stale' ? version : true;
    });
  }

  /** A sync that must not start is left to the next tick, as one is while a sync of the resource runs. */
  async function queue({ resource, plan, at }: Tick): Promise<void> {
    const result = await start(resource, plan);
    if ('unconfirmed' in result) {
      const fix = `set schedule.${resource}.confirm to "${flowConfirmation}" if they may`;
      const reason = `${describeFlowCount(resource, result.unconfirmed)} and was not started by the schedule: ${fix}`;
      return events.emit({ type: 'action-required', reason });
    }
    if ('refused' in result)
      return warn(`the sync of ${resource} that was due at ${at} was not started: ${result.refused}`);
    const [outcome, run] =
      'started' in result ? (['queued', result.started] as const) : (['skipped', result.running] as const);
    events.emit({ type: 'scheduled', resource, at, outcome, runId: run.id });
  }

  async function start(resource: BulkResource, { since, backfill, confirm }: Plan): Promise<StartResult> {
    const result = await runs.start(resource, omitUndefined({ since, backfill }), 'schedule', confirm !== undefined);
    if (!('refused' in result) || result.code !== 'no-complete-sync') return result;
    // There is no `last` yet: everything is synced once. `confirm` was about changes, not about the whole history.
    const whole = await runs.start(resource, {}, 'schedule');
    if (backfill === false && 'started' in whole)
      warn(`no sync of ${resource} has completed yet: the events of all records are recorded without triggering flows`);
    return whole;
  }

  /** Starts the sync before the time is stored: a process that dies in between starts it once more instead of never. */
  async function queueIfDue(resource: BulkResource, plan: Plan): Promise<void> {
    const key = { container, key: resource };
    const stored = await store.get(key);
    const { data: last } = claimSchema.safeParse(stored?.value);
    const at = now().toISOString();
    const due = last && cronOf(plan, plans).nextRun(new Date(last.at));
    if (last && (!due || due > now())) return;
    if (due) await queue({ resource, plan, at: due.toISOString() });
    await store.put(key, { at, by: self }, stored?.version ?? 'absent');
  }

  return {
    /**
     * Queues a run of each resource with a tick since the last call of any process; several ticks give one run. The first
     * call of all stores the time only. Rejects with a StoreError.
     */
    async queueDue(): Promise<void> {
      for (const [resource, plan] of planned(plans)) await queueIfDue(resource, plan);
    },
    /** Queues runs from now on. */
    open(): void {
      waiting = Promise.all(
        planned(plans).map(([resource, plan]) =>
          runPlan(resource, plan).catch((thrown: unknown) => {
            const why = messageOf(thrown);
            warn(`no sync of ${resource} starts by itself any more: ${why}`);
          }),
        ),
      );
    },
    /** Resolves when no run is being queued. */
    async shutdown(): Promise<void> {
      stopping.abort();
      await waiting;
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

function planned(plans: Plans) {
  return bulkResources.flatMap((resource) => {
    const plan = plans[resource];
    return plan ? [[resource, plan] as const] : [];
  });
}

/** croner only parses the pattern; waiting is done above. */
function cronOf({ cron }: Plan, { timeZone }: Plans): Cron {
  return new Cron(cron, { paused: true, timezone: timeZone });
}
