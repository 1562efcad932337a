/** Asks an API again until the answer is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createBackoff } from '../lib/backoff.ts';

const backoffLimits = { firstMs: 100, maxMs: 5_000 };

/**
 * @param ask returns undefined for "not yet"
 * @returns the answer, or undefined once the time has passed or the signal is aborted
 */
export async function pollUntil<Answer>(
  ask: () => Promise<Answer | undefined>,
  { maxMs, signal }: { maxMs: number; signal: AbortSignal },
): Promise<Answer | undefined> {
  const backoff = createBackoff(backoffLimits);
  const until = performance.now() + maxMs;
  for (;;) {
    const answer = await ask();
    const leftMs = until - performance.now();
    if (answer !== undefined || leftMs <= 0 || signal.aborted) return answer;
    await sleep(Math.min(backoff.nextMs(), leftMs), undefined, { signal }).catch(() => undefined);
  }
}

/** @returns such as `40 ms` or `12 s` */
export function durationText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`;
}
