/** What became of a run's records, counted with the reasons. */
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
  /** Why records were skipped or rejected. */
  reasons: z.record(z.string(), count),
});
export type RunCounts = z.infer<typeof countsSchema>;

export function emptyCounts(): RunCounts {
  return { read: 0, delivered: 0, skipped: 0, rejected: 0, changes: 0, caughtUp: 0, reasons: {} };
}

/** More distinct reasons than this are counted together. */
const mostReasons = 100;

/** Adds to a reason's count. */
export function countReason(counts: RunCounts, reason: string, times = 1): void {
  const known = Object.hasOwn(counts.reasons, reason) || Object.keys(counts.reasons).length < mostReasons;
  const name = known ? reason : 'other reasons';
  counts.reasons[name] = (counts.reasons[name] ?? 0) + times;
}

/** Adds ids that were asked for and are not there (any more). */
export function countMissing(counts: RunCounts, missing: number): void {
  if (missing === 0) return;
  counts.skipped += missing;
  countReason(counts, 'no record with this id', missing);
}

/** Adds all of `more` to `counts`. */
export function addCounts(counts: RunCounts, more: RunCounts): void {
  for (const name of ['read', 'delivered', 'skipped', 'rejected', 'changes', 'caughtUp'] as const)
    counts[name] += more[name];
  for (const [reason, times] of Object.entries(more.reasons)) countReason(counts, reason, times);
}

/** Of a run that has ended: what was read but not settled when it did is for the next one. */
export function closeCounts(counts: RunCounts): void {
  counts.read = counts.delivered + counts.skipped + counts.rejected;
}
