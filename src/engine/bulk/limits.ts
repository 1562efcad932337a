/**
 * Every limit of a bulk run's pipeline, from reading to sending. Together they keep the memory of a run constant,
 * however many records the project has. The last one, changes in flight per kind, is klaviyo/in-flight-limit.ts.
 */

/**
 * Pages that were read and not handed to the sink yet, over all ranges of a run. One for each range keeps every range
 * reading; one more is being handed over.
 */
export function maxPagesInHand(ranges: number): number {
  return Math.max(ranges, 1) + 1;
}

/** Pages evaluated concurrently: one waits for look-ups while the other one maps. */
export const maxPagesEvaluating = 2;

/** Records whose results are counted together: small enough that progress shows within a page. */
export const recordsPerResultGroup = 50;
