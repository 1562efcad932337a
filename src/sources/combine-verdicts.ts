/** From verdicts to how long a source holds back. */
import type { Verdict } from '../engine/delivery/verdict.ts';

const firstMs = 500;
const longestMs = 60_000;

/** One verdict for deliveries that can be acknowledged together only: one that shall come again brings all along. */
export function together(verdicts: readonly Verdict[]): Verdict {
  const again = verdicts.flatMap((verdict) => (verdict.ack ? [] : [verdict]));
  const worst = again.find(({ actionRequired }) => actionRequired) ?? again[0];
  if (worst) {
    const waits = again.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
    return { ...worst, ...(waits.length > 0 ? { retryAfterMs: Math.max(...waits) } : {}) };
  }
  const kept = verdicts.flatMap((verdict) =>
    verdict.ack && verdict.outcome === 'dead-lettered' ? [verdict.reasons] : [],
  );
  if (kept.length > 0) return { ack: true, outcome: 'dead-lettered', reasons: kept.flat() };
  const skipped = verdicts.flatMap((verdict) =>
    verdict.ack && verdict.outcome === 'skipped' ? [verdict.reasons] : [],
  );
  return skipped.length === verdicts.length
    ? { ack: true, outcome: 'skipped', reasons: skipped.flat() }
    : { ack: true, outcome: 'delivered' };
}

/** @param tries how often it went wrong in a row, from 1. @returns milliseconds, longer each time */
export function waitMs(deliveries: number, retryAfterMs = 0): number {
  return Math.max(retryAfterMs, Math.min(firstMs * 2 ** Math.min(deliveries - 1, 20), longestMs));
}

/** Counts what goes wrong in a row, so that a source stops asking for more while nothing can be delivered. */
export function createPatience() {
  let failures = 0;
  let until = 0;
  return {
    took(verdict: Verdict): void {
      if (verdict.ack) this.ok();
      else this.failed(verdict.retryAfterMs);
    },
    failed(retryAfterMs?: number): void {
      failures += 1;
      until = performance.now() + waitMs(failures, retryAfterMs);
    },
    ok(): void {
      failures = 0;
      until = 0;
    },
    /** Milliseconds from now. */
    leftMs: () => Math.max(0, until - performance.now()),
  };
}

/** The way that an error is named in logs and readiness: its code or name, never its text. */
export function nameOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown error';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
}
