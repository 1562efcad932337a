/** Exponential backoff: each delay is twice the one before, up to a maximum. */

export function createBackoff({ firstMs, maxMs }: { firstMs: number; maxMs: number }) {
  let attempts = 0;
  return {
    /** @returns milliseconds to wait before the next attempt */
    nextMs(): number {
      attempts += 1;
      return backoffMs(attempts, { firstMs, maxMs });
    },
    /** The next delay is the first one again. */
    reset(): void {
      attempts = 0;
    },
  };
}

/** @param attempt from 1. @returns milliseconds to wait after this attempt */
export function backoffMs(attempt: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number {
  return Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), maxMs);
}
