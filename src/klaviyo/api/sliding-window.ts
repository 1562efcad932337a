/** Sliding window of request times. */

export type SlidingWindow = ReturnType<typeof createSlidingWindow>;

/** @param retentionMs how long a time is kept: the longest span that is queried */
export function createSlidingWindow(retentionMs: number) {
  const times: number[] = [];

  function prune(at: number): void {
    while (times[0] !== undefined && times[0] <= at - retentionMs) times.shift();
  }

  return {
    /** @param at milliseconds, never earlier than the last one */
    add(at: number): void {
      prune(at);
      times.push(at);
    },
    countWithin(spanMs: number, at: number): number {
      prune(at);
      return times.filter((time) => time > at - spanMs).length;
    },
    /** @returns milliseconds until fewer than `limit` times lie within the last `spanMs`; 0 when they do already */
    msUntilBelow(limit: number, spanMs: number, at: number): number {
      const blocking = times[times.length - limit];
      return blocking === undefined ? 0 : Math.max(0, blocking + spanMs - at);
    },
  };
}
