/** Snapshots that the dashboard shows: the state of this replica, and the runs of all replicas. */
import type { BulkResource } from '../commercetools/schemas.ts';
import type { DeadLetters } from '../engine/delivery/dead-letters.ts';
import type { Ready } from '../engine/readiness.ts';
import { hasEnded, type Run } from '../engine/runs/run.ts';
import type { Runs } from '../engine/runs/runs.ts';
import type { RateLimiter } from '../klaviyo/api/rate-limiter.ts';
import type { Sink } from '../klaviyo/sink.ts';
import type { MemoryGuard } from '../lib/memory-guard.ts';
import { createTtlCache } from '../lib/ttl-cache.ts';
import { type RuleRates, slotSeconds } from './rule-rates.ts';

export interface SnapshotDeps {
  replica: string;
  version: string;
  rules: readonly { name: string; summary: string }[];
  rates: RuleRates;
  usage: RateLimiter['usage'];
  inFlight: Sink['inFlight'];
  memoryGuard: Pick<MemoryGuard, 'heap' | 'shedReason'>;
  readiness(): Promise<Ready>;
  runs: Pick<Runs, 'list'>;
  deadLetters: Pick<DeadLetters, 'list'>;
  countOf(resource: BulkResource): Promise<number | undefined>;
  now(): Date;
}

/** Limit and cache time of the dead letter count, because each page of them is a request. */
const maxCountedLetters = 1_000;
const letterCountTtlMs = 5_000;
const maxEndedRuns = 50;

export function createSnapshots(deps: SnapshotDeps): Record<'now' | 'runs', () => Promise<unknown>> {
  const countLetters = createLetterCount(deps);
  const withTotals = createTotals(deps);
  return {
    now: async () => ({
      at: deps.now().toISOString(),
      replica: deps.replica,
      version: deps.version,
      slotSeconds,
      rules: deps.rules.map(({ name, summary }) => ({ rule: name, summary, ...deps.rates.rateOf(name) })),
      quota: deps.usage(),
      inFlight: deps.inFlight(),
      memory: { ...deps.memoryGuard.heap(), shedReason: deps.memoryGuard.shedReason() },
      ready: await deps.readiness(),
      deadLetters: await countLetters(),
    }),
    runs: async () => {
      const runs = await deps.runs.list();
      const running = runs.filter((run) => !hasEnded(run));
      const ended = runs.filter(hasEnded).slice(0, maxEndedRuns);
      return { at: deps.now().toISOString(), running: await withTotals(running), ended: ended.map(toRunRow) };
    },
  };
}

/** Replaces the checkpoint, which is internal, by whether the run can be resumed. */
function toRunRow({ checkpoint, ...run }: Run): Omit<Run, 'checkpoint'> & { canResume: boolean } {
  return { ...run, canResume: run.kind === 'sync' && run.state !== 'completed' && checkpoint !== undefined };
}

function createTotals({ countOf }: Pick<SnapshotDeps, 'countOf'>) {
  const totals = new Map<string, Promise<number | undefined>>();
  return async (running: readonly Run[]) => {
    for (const id of totals.keys()) if (!running.some((run) => run.id === id)) totals.delete(id);
    return Promise.all(
      running.map(async (run) => {
        const { ids, startId, where, deleteAll } = run.request;
        const isUnknown = startId !== undefined || where !== undefined || deleteAll === true;
        if (!isUnknown && !totals.has(run.id))
          totals.set(run.id, ids ? Promise.resolve(ids.length) : countOf(run.resource));
        const total = await totals.get(run.id);
        return { ...toRunRow(run), ...(total === undefined ? {} : { total }) };
      }),
    );
  };
}

function createLetterCount({ deadLetters }: Pick<SnapshotDeps, 'deadLetters'>) {
  async function count() {
    let count = 0;
    for await (const _letter of deadLetters.list()) {
      if (count === maxCountedLetters) return { count, more: true };
      count += 1;
    }
    return { count, more: false };
  }
  return createTtlCache(letterCountTtlMs, () => count().catch(() => undefined));
}
