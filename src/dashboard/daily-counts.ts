/**
 * Counts the changes that Klaviyo accepted by UTC day: events by metric with their value, other changes by kind. Kept for
 * 14 days in the store, which adds up all replicas. Counts hold no ids and no personal data.
 */
import { z } from 'zod';
import { createTtlCache } from '../lib/ttl-cache.ts';
import { type Store, storedFormat, untilWritten } from '../store/store.ts';
import type { AppEvent, ChangeCount } from '../telemetry/app-events.ts';
import type { DailySeries } from './schemas.ts';

const container = 'ctk-daily-counts';
export const keptDays = 14;
const dayMs = 86_400_000;
/** Counts are written together, because each write is two requests to commercetools. */
const flushDelayMs = 15_000;
const readTtlMs = 10_000;
/** Rules of the merchant may write any metric. */
const maxNames = 50;
const maxCurrencies = 5;

const countSchema = z.object({
  isMetric: z.boolean(),
  realtime: z.number(),
  bulk: z.number(),
  values: z.record(z.string(), z.number()),
  lastAt: z.string(),
});
type DayCount = z.infer<typeof countSchema>;
const daySchema = z.object({ counts: z.record(z.string(), countSchema) });
type DayCounts = Map<string, DayCount>;

export interface DailyCounts {
  record(event: AppEvent): void;
  /** @returns the days, oldest first, and a series for each metric and kind. Rejects with a StoreError. */
  read(): Promise<{ days: string[]; series: DailySeries[] }>;
  /** Stores what is not stored yet; never rejects. */
  flush(): Promise<void>;
}

export function createDailyCounts({ store, now }: { store: Store; now(): Date }): DailyCounts {
  /** Not stored yet, by day. */
  let unsaved = new Map<string, DayCounts>();
  /** Being stored now. */
  let saving = new Map<string, DayCounts>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    saving = unsaved;
    unsaved = new Map();
    const isAnySaved = saving.size > 0;
    for (const [day, counts] of [...saving]) {
      try {
        await untilWritten(async () => {
          const stored = await store.get({ container, key: day });
          const merged = new Map(Object.entries(daySchema.safeParse(stored?.value).data?.counts ?? {}));
          addAll(merged, counts);
          const value = { format: storedFormat, counts: Object.fromEntries(merged) };
          return store.put({ container, key: day }, value, stored?.version ?? 'absent');
        });
      } catch {
        // The next flush tries again; while the store is unavailable the dashboard says so.
        addAll(dayOf(unsaved, day), counts);
      }
      saving.delete(day);
      // What was read before lacks these counts.
      readStored = cacheStored();
    }
    if (isAnySaved) await removeOldDays().catch(() => undefined);
  }

  async function removeOldDays(): Promise<void> {
    const first = daysUntil(now())[0] ?? '';
    for await (const { key } of store.list(container)) {
      if (key >= first) return;
      await store.remove({ container, key });
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  async function listStored(): Promise<Map<string, DayCounts>> {
    const before = new Date(now().getTime() - keptDays * dayMs).toISOString().slice(0, 10);
    const stored = new Map<string, DayCounts>();
    for await (const { key, value } of store.list(container, before)) {
      const parsed = daySchema.safeParse(value);
      if (parsed.success) stored.set(key, new Map(Object.entries(parsed.data.counts)));
    }
    return stored;
  }

  const cacheStored = () => createTtlCache(readTtlMs, listStored);
  let readStored = cacheStored();

  return {
    record(event) {
      if (event.type !== 'changes') return;
      const delivered = event.changes.filter(({ outcome, kind }) => outcome === 'delivered' && kind !== undefined);
      if (delivered.length === 0) return;
      const at = now().toISOString();
      const counts = dayOf(unsaved, at.slice(0, 10));
      for (const change of delivered) addAll(counts, countOfChange(change, event.lane, at));
      timer ??= setTimeout(() => void flush(), flushDelayMs).unref();
    },
    async read() {
      const days = daysUntil(now());
      // The cached days stay as they were read: what was counted since is added to copies.
      const all = structuredClone(await readStored());
      for (const [day, counts] of [...saving, ...unsaved]) addAll(dayOf(all, day), counts);
      return { days, series: toSeries(days, all) };
    },
    flush,
  };
}

type Lane = Extract<AppEvent, { type: 'changes' }>['lane'];

function countOfChange(change: ChangeCount, lane: Lane, at: string): DayCounts {
  const { kind = '', metric, count, value, currency } = change;
  // Carts are sent as they change: their own lane only says what goes first.
  const column = lane === 'bulk' ? 'bulk' : 'realtime';
  const none = { realtime: 0, bulk: 0 };
  const values = value === undefined || currency === undefined ? {} : { [currency]: value };
  return new Map([[metric ?? kind, { isMetric: metric !== undefined, ...none, [column]: count, values, lastAt: at }]]);
}

function addAll(to: DayCounts, counts: DayCounts): void {
  for (const [name, more] of counts) {
    const known = to.get(name);
    if (known) add(known, more);
    else if (to.size < maxNames) to.set(name, structuredClone(more));
  }
}

function add(to: DayCount, more: DayCount): void {
  to.realtime += more.realtime;
  to.bulk += more.bulk;
  if (more.lastAt > to.lastAt) to.lastAt = more.lastAt;
  for (const [currency, value] of Object.entries(more.values))
    if (currency in to.values || Object.keys(to.values).length < maxCurrencies)
      to.values[currency] = (to.values[currency] ?? 0) + value;
}

function dayOf(days: Map<string, DayCounts>, day: string): DayCounts {
  const counts = days.get(day) ?? new Map<string, DayCount>();
  days.set(day, counts);
  return counts;
}

function daysUntil(last: Date): string[] {
  return Array.from({ length: keptDays }, (_, index) =>
    new Date(last.getTime() - (keptDays - 1 - index) * dayMs).toISOString().slice(0, 10),
  );
}

function toSeries(days: readonly string[], all: ReadonlyMap<string, DayCounts>): DailySeries[] {
  const latest = new Map<string, DayCount>();
  const currencies = new Map<string, Set<string>>();
  for (const day of days)
    for (const [name, count] of all.get(day) ?? []) {
      latest.set(name, count);
      currencies.set(name, new Set([...(currencies.get(name) ?? []), ...Object.keys(count.values)]));
    }
  return [...latest].map(([name, { isMetric, lastAt }]) => {
    const perDay = (pick: (count: DayCount) => number) =>
      days.map((day) => {
        const count = all.get(day)?.get(name);
        return count ? pick(count) : 0;
      });
    return {
      ...{ name, isMetric, lastAt },
      realtime: perDay(({ realtime }) => realtime),
      bulk: perDay(({ bulk }) => bulk),
      values: Object.fromEntries(
        [...(currencies.get(name) ?? [])].map((currency) => [currency, perDay(({ values }) => values[currency] ?? 0)]),
      ),
    };
  });
}
