/** A run: a bulk sync of a resource, or a small one that follows a message. The record that is stored and shown. */
import { z } from 'zod';
import { bulkResources } from '../commercetools/types.ts';

export const runRequestSchema = z.object({
  /** Only these records. */
  ids: z.array(z.string()).optional(),
  /** From this id on, itself included, in id order. */
  startId: z.string().optional(),
  /** Of a follow run: a query predicate, and why. */
  where: z.string().optional(),
  reason: z.string().optional(),
  /** Delete all of them in Klaviyo, also those from elsewhere. */
  deleteAll: z.boolean().optional(),
  /** False: events wake flows (a repair of missed orders). */
  backfill: z.boolean().optional(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

const runStates = [
  /** Stored; the next free runner takes it. */
  'queued',
  'running',
  /** The process that works it off is ending and hands it on. */
  'pausing',
  /** Klaviyo or commercetools can't now, or no process holds it: it goes on by itself. */
  'paused',
  'stopping',
  'stopped',
  'completed',
  'failed',
] as const;

const count = z.int().min(0);

/** Records, not requests: read = delivered + skipped + rejected + what is under way. */
const countsSchema = z.object({
  read: count,
  delivered: count,
  skipped: count,
  rejected: count,
  /** Changes that Klaviyo took: an order is several events. */
  changes: count,
  /** Why records were skipped or rejected. */
  reasons: z.record(z.string(), count),
});
export type RunCounts = z.infer<typeof countsSchema>;

export const runSchema = z.object({
  id: z.string(),
  resource: z.enum(bulkResources),
  kind: z.enum(['sync', 'follow']),
  request: runRequestSchema,
  by: z.enum(['api', 'cli', 'message']),
  /** The process that works it off. */
  holder: z.string().optional(),
  /** The stopped run that it goes on from; its counts are included. */
  resumes: z.string().optional(),
  state: z.enum(runStates),
  counts: countsSchema,
  /** The last id before which every receipt is in. */
  checkpoint: z.string().optional(),
  /** What it waits for, or why it failed. */
  problem: z.string().optional(),
  queuedAt: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
});
export type Run = z.infer<typeof runSchema>;

export function emptyCounts(): RunCounts {
  return { read: 0, delivered: 0, skipped: 0, rejected: 0, changes: 0, reasons: {} };
}

/** More distinct reasons than this are counted together. */
const mostReasons = 100;

/** Adds one to a reason's count. */
export function countReason(counts: RunCounts, reason: string): void {
  const known = Object.hasOwn(counts.reasons, reason) || Object.keys(counts.reasons).length < mostReasons;
  const name = known ? reason : 'other reasons';
  counts.reasons[name] = (counts.reasons[name] ?? 0) + 1;
}

/** Of a run that has ended: what was read but not settled when it did is for the next one. */
export function closeCounts(counts: RunCounts): void {
  counts.read = counts.delivered + counts.skipped + counts.rejected;
}

export function hasEnded({ state }: Run): boolean {
  return state === 'stopped' || state === 'completed' || state === 'failed';
}
