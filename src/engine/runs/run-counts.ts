/** What became of a run's records, counted with the reasons, and for each reason the first records that it concerned. */
import { z } from 'zod';

const count = z.int().min(0);

/** Records, not requests: read = delivered + skipped + rejected + what is under way. */
export const countsSchema = z.object({
  read: count,
  delivered: count,
  skipped: count,
  rejected: count,
  /** Changes that Klaviyo took: an order is several events. */
  changes: count,
  /** Of those read: how many were read because they had changed while the run went on. */
  caughtUp: count.default(0),
  /** Skus whose stock rose from 0, or would without `keepStock`: Klaviyo then sends back-in-stock messages. */
  raisedFromZero: count.optional(),
  /** Properties that were unset because the customer no longer has them (`customer.clearInBulk`). */
  unsetProperties: count.optional(),
  /** Why records were skipped or rejected. */
  reasons: z.record(z.string(), count),
  /** By reason: commercetools' ids of the first 20 records that were counted for it, each once. Ids alone, no other data. */
  firstIds: z.record(z.string(), z.array(z.string())).default({}),
});
export type RunCounts = z.infer<typeof countsSchema>;

/** @returns how many records were read and have no outcome yet: a catalog job takes seconds to minutes */
export function pendingCount({ read, delivered, skipped, rejected }: RunCounts): number {
  return Math.max(0, read - delivered - skipped - rejected);
}

export function emptyCounts(): RunCounts {
  return {
    read: 0,
    delivered: 0,
    skipped: 0,
    rejected: 0,
    changes: 0,
    caughtUp: 0,
    reasons: {},
    firstIds: {},
  };
}

/** More distinct reasons than this are counted together. */
const maxReasons = 100;
/** Of a reason; a run's record holds all of them. */
const maxFirstIds = 20;

/** Adds the records with these ids to a reason's count; of more than the first 20 only the number (`times`) is kept. */
export function countReason(counts: RunCounts, reason: string, ids: readonly string[], times = ids.length): void {
  const known = Object.hasOwn(counts.reasons, reason) || Object.keys(counts.reasons).length < maxReasons;
  // An object has no field of its own with this name.
  const name = known && reason !== '__proto__' ? reason : 'other reasons';
  counts.reasons[name] = (own(counts.reasons, name) ?? 0) + times;
  // A record that changed meanwhile is counted once more, and named once.
  counts.firstIds[name] = [...new Set([...(own(counts.firstIds, name) ?? []), ...ids])].slice(0, maxFirstIds);
}

/** A merchant's rule may give any word as its reason, also `constructor`. */
function own<Value>(record: Record<string, Value>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** Adds ids that were asked for and are not there (any more). */
export function countMissing(counts: RunCounts, ids: readonly string[]): void {
  if (ids.length === 0) return;
  counts.skipped += ids.length;
  countReason(counts, 'no record with this id', ids);
}

const effects = ['raisedFromZero', 'unsetProperties'] as const;

/** Adds what changes did beyond being delivered. A run without such an effect does not have its field. */
export function addEffects(
  counts: RunCounts,
  more: { [effect in (typeof effects)[number]]?: number | undefined },
): void {
  for (const name of effects) if (more[name]) counts[name] = (counts[name] ?? 0) + more[name];
}

export function addCounts(counts: RunCounts, more: RunCounts): void {
  for (const name of ['read', 'delivered', 'skipped', 'rejected', 'changes', 'caughtUp'] as const)
    counts[name] += more[name];
  addEffects(counts, more);
  for (const [reason, times] of Object.entries(more.reasons))
    countReason(counts, reason, own(more.firstIds, reason) ?? [], times);
}

/** Of a run that has ended: what was read but not settled when it did is for the next one. */
export function closeCounts(counts: RunCounts): void {
  counts.read = counts.delivered + counts.skipped + counts.rejected;
}
