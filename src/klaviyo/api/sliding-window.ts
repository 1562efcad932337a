/** When requests were sent in the last minute: a queue of times, asked thousands of times a second. */

export interface SlidingWindow {
  /** @param at milliseconds, never earlier than the last one */
  add(at: number): void;
  /** How many lie within the last `spanMs`. */
  countWithin(spanMs: number, at: number): number;
  /** Milliseconds until fewer than `most` lie within the last `spanMs`; 0 is now. */
  untilFewer(most: number, spanMs: number, at: number): number;
}

/** @param keptMs how long a time is kept: the longest span that will be asked for */
export function createSlidingWindow(keptMs: number): SlidingWindow {
  let times: number[] = [];
  let head = 0;

  function forget(at: number): void {
    while (head < times.length && (times[head] ?? 0) <= at - keptMs) head += 1;
    if (head <= times.length / 2) return;
    times = times.slice(head);
    head = 0;
  }

  return {
    add(at) {
      forget(at);
      times.push(at);
    },
    countWithin(spanMs, at) {
      forget(at);
      return times.length - firstAfter(times, head, at - spanMs);
    },
    untilFewer(most, spanMs, at) {
      const index = times.length - most;
      const blocking = index < head ? undefined : times[index];
      return blocking === undefined ? 0 : Math.max(0, blocking + spanMs - at);
    },
  };
}

/** The index of the first time that is later than `at`, by bisection. */
function firstAfter(times: readonly number[], from: number, at: number): number {
  let [low, high] = [from, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
