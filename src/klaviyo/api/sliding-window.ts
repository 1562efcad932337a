/** Sliding window of request times. Called thousands of times a second, so counting uses bisection. */

export interface SlidingWindow {
  /** @param at milliseconds, never earlier than the last one */
  add(at: number): void;
  /** Counts the times within the last `spanMs`. */
  countWithin(spanMs: number, at: number): number;
  /** @returns milliseconds until fewer than `limit` times lie within the last `spanMs`; 0 when they do already */
  msUntilBelow(limit: number, spanMs: number, at: number): number;
}

/** @param retentionMs how long a time is kept: the longest span that is queried */
export function createSlidingWindow(retentionMs: number): SlidingWindow {
  let times: number[] = [];
  let head = 0;

  function prune(at: number): void {
    while (head < times.length && (times[head] ?? 0) <= at - retentionMs) head += 1;
    if (head <= times.length / 2) return;
    times = times.slice(head);
    head = 0;
  }

  return {
    add(at) {
      prune(at);
      times.push(at);
    },
    countWithin(spanMs, at) {
      prune(at);
      return times.length - firstAfter(times, head, at - spanMs);
    },
    msUntilBelow(limit, spanMs, at) {
      const index = times.length - limit;
      const blocking = index < head ? undefined : times[index];
      return blocking === undefined ? 0 : Math.max(0, blocking + spanMs - at);
    },
  };
}

/** @returns the index of the first time that is later than `at` */
function firstAfter(times: readonly number[], from: number, at: number): number {
  let [low, high] = [from, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
