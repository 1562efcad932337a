/** Backoff of sources that pull from a broker: per message until its redelivery, and for the source as a whole. */

import { backoffMs } from '../lib/backoff.ts';
import type { Verdict } from './source.ts';

const limits = { firstMs: 500, maxMs: 60_000 };

/** @returns milliseconds before the next delivery, at least `retryAfterMs`; attempts count from 1 */
export function redeliveryDelayMs(attempt: number, retryAfterMs = 0): number {
  return Math.max(retryAfterMs, backoffMs(attempt, limits));
}

export interface PullBackoff {
  /** Counts a verdict without acknowledgement as a failure, and any other as a success. */
  onVerdict(verdict: Verdict): void;
  onFailure(retryAfterMs?: number): void;
  onSuccess(): void;
  /** @returns milliseconds until the source may pull again */
  remainingMs(): number;
}

/** Counts consecutive failures, so that a source stops pulling while nothing can be delivered. */
export function createPullBackoff(): PullBackoff {
  let failures = 0;
  let until = 0;

  function onFailure(retryAfterMs?: number): void {
    failures += 1;
    until = performance.now() + redeliveryDelayMs(failures, retryAfterMs);
  }

  function onSuccess(): void {
    failures = 0;
    until = 0;
  }

  return {
    onVerdict: (verdict) => (verdict.ack ? onSuccess() : onFailure(verdict.retryAfterMs)),
    onFailure,
    onSuccess,
    remainingMs: () => Math.max(0, until - performance.now()),
  };
}
