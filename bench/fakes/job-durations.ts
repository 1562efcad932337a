/** Durations of catalog jobs, as Klaviyo's were recorded: 7 to 17 seconds, and every fourth one half a minute to four and a half. */

const everyFourth = 4;

/** @param index number of the job among those of its type @returns milliseconds, the same in each run */
export function recordedDurationMs(index: number): number {
  // A fraction that is spread evenly over the jobs.
  const fraction = (index * 0.618_034) % 1;
  return Math.round(index % everyFourth === everyFourth - 1 ? 30_000 + fraction * 240_000 : 7_000 + fraction * 10_000);
}
