/**
 * The position of a run: its ranges of ids, each with the last id up to which every record is settled, then the passes that
 * catch up with changes. Bounds are stored with the run and never computed again; counts belong to the checkpoint, so that a
 * resumed run counts nothing twice.
 */
import { z } from 'zod';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { countsSchema, emptyCounts } from './run-counts.ts';

const rangeSchema = z.object({
  from: z.string().optional(),
  /** The first id above the range; absent: no end. */
  to: z.string().optional(),
  /** Every receipt up to this id is in. */
  last: z.string().optional(),
  /** Of a run of ids: how many of them are done. */
  taken: z.int().min(0).optional(),
  done: z.boolean(),
});
/** Ids from `from`, itself included, to below `to`. */
export type Range = z.infer<typeof rangeSchema>;

const passSchema = z.object({
  /** ISO 8601: changes from this time on. */
  since: z.string(),
  /** ISO 8601: changes up to this time. */
  until: z.string(),
  /** Every receipt up to this change is in. */
  at: z.object({ lastModifiedAt: z.string(), id: z.string() }).optional(),
});
export type Pass = z.infer<typeof passSchema>;

export const checkpointSchema = z.object({
  /** ISO 8601: when the run began to read. */
  began: z.string(),
  ranges: z.array(rangeSchema),
  pass: passSchema.optional(),
  counts: countsSchema,
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

/**
 * @param plan `began`: when the run began to read; `ranges`: their number; ids are UUIDs, so that equal ranges hold about
 * as many records each; `from`: the first id to be read, itself included, in one range then
 */
export function newCheckpoint(plan: { began: string; ranges: number; from?: string | undefined }): Checkpoint {
  const { began, ranges: most, from } = plan;
  const counts = emptyCounts();
  if (from !== undefined) return { began, ranges: [{ from, done: false }], counts };
  const bounds = Array.from({ length: most - 1 }, (_, index) => boundAt((index + 1) / most));
  const ranges = [undefined, ...bounds].map((from, index) => omitUndefined({ from, to: bounds[index], done: false }));
  return { began, ranges, counts };
}

/** @returns the id below which this share of all UUIDs lies */
function boundAt(part: number): string {
  const head = Math.floor(part * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
  return `${head}-0000-0000-0000-000000000000`;
}
