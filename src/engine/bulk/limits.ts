/**
 * The limits of a bulk run's pages, from reading to sending. Together with those of the sink they keep the memory of a run
 * constant, however many records the project has: records per page and ranges are settings (config/settings/settings.ts),
 * changes in flight stand in the table of change kinds (klaviyo/change-kinds.ts), bodies in flight in klaviyo/batching/batcher.ts
 * and jobs in progress in klaviyo/batching/operations.ts.
 */

/**
 * Pages that were read and not handed to the sink yet, over all ranges of a run: one for each range. A single range reads
 * the next one while the present one is evaluated.
 */
export function maxPagesInHand(ranges: number): number {
  return Math.max(ranges, 2);
}

/** Pages evaluated concurrently: one waits for lookups while the other one maps. */
export const maxPagesEvaluating = 2;

/** Records whose results are counted together: small enough that progress shows within a page. */
export const recordsPerResultGroup = 50;
