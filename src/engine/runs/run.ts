/** A run: a bulk sync of a resource, or a small one that follows a message. The record that is stored and shown. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { bulkResources } from '../../commercetools/schemas.ts';
import { checkpointSchema } from './checkpoint.ts';
import { countsSchema, emptyCounts } from './run-counts.ts';

export const runRequestSchema = z.object({
  /** Only these records. */
  ids: z.array(z.string()).optional(),
  /** From this id on, itself included, in id order. */
  startId: z.string().optional(),
  /** ISO 8601: only what changed since; it is read from a minute before. Whoever asks may say `last`: see since.ts. */
  since: z.string().optional(),
  /** Of a follow run: a query predicate, and why. */
  where: z.string().optional(),
  reason: z.string().optional(),
  /** Delete all of them in Klaviyo, also those from elsewhere. */
  deleteAll: z.boolean().optional(),
  /** False: events wake flows (a repair of missed orders). */
  backfill: z.boolean().optional(),
  /** Write also what Klaviyo holds already. */
  force: z.boolean().optional(),
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

export const runSchema = z.object({
  id: z.string(),
  resource: z.enum(bulkResources),
  /** A sync was started by somebody; a follow-up is queued by a message that affects many records. */
  kind: z.enum(['sync', 'follow-up']),
  request: runRequestSchema,
  by: z.enum(['api', 'cli', 'message', 'schedule']),
  /** The process that works it off. */
  holder: z.string().optional(),
  /** It began with a time after the last complete sync: what changed in between is in neither. */
  gap: z.literal(true).optional(),
  /** The stopped run that it goes on from; its counts are included. */
  resumes: z.string().optional(),
  state: z.enum(runStates),
  counts: countsSchema,
  /** How far it is. */
  checkpoint: checkpointSchema.optional(),
  /** What it waits for, or why it failed. */
  problem: z.string().optional(),
  queuedAt: z.string(),
  startedAt: z.string().optional(),
  endedAt: z.string().optional(),
});
export type Run = z.infer<typeof runSchema>;

/** Written into every stored run and lease. Format 1 records have no such field. */
const storedFormat = 2;

/** A run as it is stored, in the present format or in format 1. */
export const storedRunSchema = runSchema.extend({
  kind: z.enum(['sync', 'follow']).transform((kind): Run['kind'] => (kind === 'follow' ? 'follow-up' : kind)),
});

/** @returns the run to store; `follow` stays the stored name, so that a process of the previous version can read it */
export function toStoredRun(run: Run): z.input<typeof storedRunSchema> & { format: typeof storedFormat } {
  return { format: storedFormat, ...run, kind: run.kind === 'follow-up' ? 'follow' : run.kind };
}

/** Who starts a sync; what follows a message is no sync. */
export type Starter = Exclude<Run['by'], 'message'>;

export function hasEnded({ state }: Run): boolean {
  return state === 'stopped' || state === 'completed' || state === 'failed';
}

/** A sync that left nothing out which had changed since the one before: the next one may begin where it began. */
export function isWhole({ kind, state, gap, request: { ids, startId, deleteAll } }: Run): boolean {
  return kind === 'sync' && state === 'completed' && ids === undefined && startId === undefined && !deleteAll && !gap;
}

/** @returns a queued run; ids sort by the time at which runs were queued */
export function createRun({ now, ...fields }: Pick<Run, 'resource' | 'kind' | 'request' | 'by'> & { now: Date }): Run {
  const queuedAt = now.toISOString();
  const id = `${queuedAt.replace(/[^0-9]/g, '')}-${randomUUID().slice(0, 8)}`;
  return { id, ...fields, state: 'queued', counts: emptyCounts(), queuedAt };
}
