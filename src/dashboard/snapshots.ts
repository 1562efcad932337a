/** Snapshots that the dashboard shows: the state of this replica, and the runs and dead letters of all replicas. */
import type { DeadLetters } from '../engine/delivery/dead-letters.ts';
import type { Ready } from '../engine/readiness.ts';
import type { RateLimiter } from '../klaviyo/api/rate-limiter.ts';
import type { Sink } from '../klaviyo/sink.ts';
import type { MemoryGuard } from '../lib/memory-guard.ts';
import { createTtlCache } from '../lib/ttl-cache.ts';
import type { AttentionTracker } from './attention.ts';
import type { DailyCounts } from './daily-counts.ts';
import type { DelayRecorder } from './delay-history.ts';
import { type RuleRates, slotSeconds } from './rule-rates.ts';
import type { RunRowDeps, RunRows } from './run-rows.ts';
import type { LetterCounts, Overview, Syncs } from './schemas.ts';

export interface SnapshotDeps extends RunRowDeps {
  replica: string;
  version: string;
  startedAt: string;
  links: Overview['links'];
  rules: readonly { name: string; summary: string; offBy?: string | undefined }[];
  rates: RuleRates;
  attention: AttentionTracker;
  dailyCounts: Pick<DailyCounts, 'read'>;
  delays: Pick<DelayRecorder, 'read'>;
  usage: RateLimiter['usage'];
  inFlight: Sink['inFlight'];
  memoryGuard: Pick<MemoryGuard, 'heap' | 'shedReason'>;
  readiness(): Promise<Ready>;
  deadLetters: Pick<DeadLetters, 'list'>;
}

/** Limit and cache time of the dead letter count, because each page of them is a request. */
const maxCountedLetters = 1_000;
const letterCountTtlMs = 5_000;
const runListTtlMs = 5_000;

export interface Snapshots {
  overview(): Promise<Overview>;
  syncs(): Promise<Syncs>;
}

/** @param runRows lists the syncs */
export function createSnapshots(deps: SnapshotDeps, runRows: Pick<RunRows, 'syncs'>): Snapshots {
  const countLetters = createLetterCount(deps);
  const listRuns = createTtlCache(runListTtlMs, () => deps.runs.list().catch(() => undefined));
  return {
    async overview() {
      const [ready, deadLetters, runs, daily] = await Promise.all([
        deps.readiness(),
        countLetters(),
        listRuns(),
        deps.dailyCounts.read().catch(() => undefined),
      ]);
      return {
        at: deps.now().toISOString(),
        ...{ startedAt: deps.startedAt, replica: deps.replica, version: deps.version, links: deps.links, slotSeconds },
        attention: deps.attention.read({ ready, deadLetters, runs, shedReason: deps.memoryGuard.shedReason() }),
        history: deps.delays.read(),
        days: daily?.days ?? [],
        ...(daily ? { daily: daily.series } : {}),
        rules: deps.rules.map(({ name, summary, offBy }) => ({
          rule: name,
          summary,
          ...(offBy === undefined ? {} : { offBy }),
          ...deps.rates.rateOf(name),
        })),
        quota: deps.usage(),
        inFlight: deps.inFlight(),
        ready,
        ...(deadLetters ? { deadLetters } : {}),
      };
    },
    syncs: runRows.syncs,
  };
}

function createLetterCount({ deadLetters }: Pick<SnapshotDeps, 'deadLetters'>) {
  async function count(): Promise<LetterCounts> {
    const counts: LetterCounts = { count: 0, more: false, rules: {}, codes: {}, resources: {} };
    const add = (record: Record<string, number>, name: string) => {
      record[name] = (record[name] ?? 0) + 1;
    };
    for await (const { rule, code, record, firstAt } of deadLetters.list()) {
      if (counts.count === maxCountedLetters) return { ...counts, more: true };
      counts.count += 1;
      if (rule !== '') add(counts.rules, rule);
      add(counts.codes, code);
      if (record) add(counts.resources, record.typeId);
      if (counts.oldestAt === undefined || firstAt < counts.oldestAt) counts.oldestAt = firstAt;
    }
    return counts;
  }
  return createTtlCache(letterCountTtlMs, () => count().catch(() => undefined));
}
