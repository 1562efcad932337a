/**
 * How far a run is: its ranges of ids, each with the last id before which every receipt is in, then the passes that catch
 * up with what changed meanwhile. Bounds are stored with the run and never computed again; counts belong to the
 * checkpoint, so that whoever goes on from it counts nothing twice.
 */
import { z } from 'zod';
import { addCounts, countsSchema, emptyCounts, type RunCounts } from './run-counts.ts';

const rangeSchema = z.object({
  /** The first id that is not in it any more is `to`; left out: no end. */
  from: z.string().optional(),
  to: z.string().optional(),
  /** Every receipt up to this id is in. */
  last: z.string().optional(),
  /** Of a run of ids: how many of them are done. */
  taken: z.int().min(0).optional(),
  done: z.boolean(),
});
/** Ids from `from` on, itself included, and below `to`. */
export type Range = z.infer<typeof rangeSchema>;

const passSchema = z.object({
  /** ISO 8601: changes from this time on, and up to that one. */
  since: z.string(),
  until: z.string(),
  /** Every receipt up to this change is in. */
  at: z.object({ lastModifiedAt: z.string(), id: z.string() }).optional(),
});
/** One pass of catching up. */
export type Pass = z.infer<typeof passSchema>;

export const checkpointSchema = z.object({
  /** ISO 8601: when the walk began. */
  began: z.string(),
  ranges: z.array(rangeSchema),
  pass: passSchema.optional(),
  counts: countsSchema,
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

export interface WalkPlan {
  /** ISO 8601: now. */
  began: string;
  /** How many ranges; ids are spread evenly over them (UUIDs). */
  ranges: number;
  /** The first id wanted, itself included: then ids are walked in their order, in one range. */
  from?: string | undefined;
}

export function newCheckpoint({ began, ranges: most, from }: WalkPlan): Checkpoint {
  const counts = emptyCounts();
  if (from !== undefined) return { began, ranges: [{ from, done: false }], counts };
  const bounds = Array.from({ length: most - 1 }, (_, index) => boundAt((index + 1) / most));
  const ranges = [undefined, ...bounds].map((lower, index) => {
    const upper = bounds[index];
    return {
      ...(lower === undefined ? {} : { from: lower }),
      ...(upper === undefined ? {} : { to: upper }),
      done: false,
    };
  });
  return { began, ranges, counts };
}

/** The id that so much of all UUIDs are below. */
function boundAt(part: number): string {
  const head = Math.floor(part * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
  return `${head}-0000-0000-0000-000000000000`;
}

/** Pages of one range on their way, in the order in which they were read. */
export interface CompletionTracker {
  /** A page that was read: its receipts are still to come. */
  begin(reached: (counts: RunCounts) => void): PageOnTrail;
}

export interface PageOnTrail {
  /** What became of the page's records. */
  readonly counts: RunCounts;
  /** Every receipt is in. */
  done(): void;
}

/**
 * Moves a checkpoint behind the last page before which every page is done.
 * @param settled counts of what the checkpoint has passed
 */
export function createCompletionTracker(settled: RunCounts): CompletionTracker {
  const open: { reached: (counts: RunCounts) => void; counts: RunCounts; done: boolean }[] = [];
  return {
    begin(reached) {
      const page = { reached, counts: emptyCounts(), done: false };
      open.push(page);
      return {
        counts: page.counts,
        done() {
          page.done = true;
          for (let first = open[0]; first?.done; first = open[0]) {
            open.shift();
            first.reached(first.counts);
            addCounts(settled, first.counts);
          }
        },
      };
    },
  };
}
