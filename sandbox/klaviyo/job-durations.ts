/** Durations of bulk jobs: a fixed one for tests, or those that were recorded of real jobs. */

/** Duration of bulk jobs in milliseconds; 'recorded' takes the seconds to minutes of real jobs. */
export type JobMs = number | 'recorded';

// Seconds from created_at to completed_at of real catalog jobs with two records each (test/recordings).
const usual = [16.4, 11.9, 14.2, 10.6, 12.5, 11.5, 12.7, 10.1, 11.6, 12.6, 14.4, 7.4, 10.8, 11.2, 7.9];
const slow = [274.1, 33.1, 228.6, 130, 255, 140.5];
/** Profile imports, merges and deletions took about two seconds. */
const otherSeconds = 2;

/** Returns the duration of the `seq`th catalog job (from 1). Of the recorded ones, every fourth is a slow one. */
export function catalogJobMs(jobMs: JobMs, seq: number): number {
  if (jobMs !== 'recorded') return jobMs;
  const isSlow = seq % 4 === 0;
  const durations = isSlow ? slow : usual;
  const seconds = durations[(isSlow ? seq / 4 - 1 : seq) % durations.length] ?? otherSeconds;
  return seconds * 1_000;
}

/** Returns the duration of a profile import, and of effects without a job to poll. */
export function profileJobMs(jobMs: JobMs): number {
  return jobMs === 'recorded' ? otherSeconds * 1_000 : jobMs;
}
