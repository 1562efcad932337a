/** A run: the execution of a bulk sync or of a follow-up, as it is stored and shown. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bulkResources } from '../../commercetools/schemas.ts';
import { storedFormat } from '../../store/store.ts';
import { checkpointSchema } from './checkpoint.ts';
import { countsSchema, emptyCounts } from './run-counts.ts';

export const runRequestSchema = z.object({
  /** Only these records. */
  ids: z.array(z.string()).optional(),
  /** Starts at this id, inclusive, in the order of ids. */
  startId: z.string().optional(),
  /** ISO 8601: only records modified since. A request may say `last`, see resolve-since.ts. */
  since: z.string().optional(),
  /** Follow-ups only: a query predicate, and the reason. */
  where: z.string().optional(),
  reason: z.string().optional(),
  /** Deletes all records of the resource in Klaviyo, whichever app created them. */
  deleteAll: z.boolean().optional(),
  /** False: events trigger flows, to repair missed orders. */
  backfill: z.boolean().optional(),
  /** Also writes records that Klaviyo already holds unchanged. */
  force: z.boolean().optional(),
  /** Products: leaves the quantity of existing variants as it is. */
  keepStock: z.boolean().optional(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

const runStates = [
  /** Stored; the next poll claims it. */
  'queued',
  'running',
  /** The process that executes it ends, and hands it over. */
  'pausing',
  /** An API is unavailable, or no process holds the run: it continues by itself. */
  'paused',
  'stopping',
  'stopped',
  'completed',
  'failed',
] as const;

export const runSchema = z.object({
  id: z.string(),
  resource: z.enum(bulkResources),
  /** `sync`: started by the API, the CLI or a schedule; `follow-up`: queued by a message that affects many records. */
  kind: z.enum(['sync', 'follow-up']),
  request: runRequestSchema,
  by: z.enum(['api', 'cli', 'message', 'schedule']),
  /** The process that executes it. */
  holder: z.string().optional(),
  /** Its `since` is later than the start of the last complete sync: changes in between are in neither. */
  gap: z.literal(true).optional(),
  /** The stopped run that it resumes; its counts are included. */
  resumes: z.string().optional(),
  state: z.enum(runStates),
  counts: countsSchema,
  checkpoint: checkpointSchema.optional(),
  /** Why it is paused, or why it failed. */
  problem: z.string().optional(),
  queuedAt: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
});
export type Run = z.infer<typeof runSchema>;

/** A run as it is stored, in the present format or in format 1. */
export const storedRunSchema = runSchema.extend({
  kind: z.enum(['sync', 'follow']).transform((kind): Run['kind'] => (kind === 'follow' ? 'follow-up' : kind)),
});

/** @returns the run to store; `follow` stays the stored name, so that a process of the previous version can read it */
export function toStoredRun(run: Run): z.input<typeof storedRunSchema> & { format: typeof storedFormat } {
  return { format: storedFormat, ...run, kind: run.kind === 'follow-up' ? 'follow' : run.kind };
}

/** Who started a sync; messages queue follow-ups only. */
export type Starter = Exclude<Run['by'], 'message'>;

export function hasEnded({ state }: Run): boolean {
  return state === 'stopped' || state === 'completed' || state === 'failed';
}

/** Whether a sync covered every change since the one before, so that a `since: last` may start where it started. */
export function isComplete({ kind, state, gap, request: { ids, startId, deleteAll } }: Run): boolean {
  return kind === 'sync' && state === 'completed' && ids === undefined && startId === undefined && !deleteAll && !gap;
}

/** Whether a sync deleted in Klaviyo what earlier ones of the resource had written. */
export function hasDeleted({ kind, counts, request: { deleteAll } }: Run): boolean {
  return kind === 'sync' && deleteAll === true && counts.delivered > 0;
}

/** @returns a queued run; ids sort by the time at which runs were queued */
export function createRun({ now, ...fields }: Pick<Run, 'resource' | 'kind' | 'request' | 'by'> & { now: Date }): Run {
  const queuedAt = now.toISOString();
  const id = `${queuedAt.replace(/[^0-9]/g, '')}-${randomUUID().slice(0, 8)}`;
  return { id, ...fields, state: 'queued', counts: emptyCounts(), queuedAt };
}
