/** From receipts to the one word that a source needs: the only table that decides (docs/decisions.md). */
import type { Receipt } from '../../klaviyo/change.ts';

export type Verdict =
  /** Accepted by Klaviyo. */
  | { answer: 'done' }
  /** Nothing was to be done. */
  | { answer: 'skipped'; reasons: string[] }
  /** Refused for good and kept as a dead letter: acknowledge. */
  | { answer: 'kept'; reasons: string[] }
  /** Not now: never acknowledge. `action-required`: somebody has to act. */
  | { answer: 'again'; reason: string; retryAfterMs?: number; actionRequired?: boolean };

/** What became of everything that one message led to. */
export interface Outcome {
  receipts: readonly Receipt[];
  /** Why rules wrote nothing. */
  skips: readonly string[];
  /** Reasons of what is kept as a dead letter. */
  kept: readonly string[];
}

/**
 * Unavailable anywhere: again. So is what failed, or was rejected, and is not kept as a dead letter: unknown means again.
 * Else what was kept. Else done, or skipped when nothing was sent.
 */
export function verdictOf({ receipts, skips, kept }: Outcome): Verdict {
  const unavailable = receipts.filter((receipt) => receipt.outcome === 'unavailable');
  const worst = unavailable.find((receipt) => receipt.actionRequired) ?? unavailable[0];
  if (worst) {
    const waits = unavailable.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
    return {
      answer: 'again',
      reason: worst.reason,
      ...(worst.actionRequired ? { actionRequired: true } : {}),
      ...(waits.length > 0 ? { retryAfterMs: Math.max(...waits) } : {}),
    };
  }
  const toKeep = receipts.filter(({ outcome }) => outcome === 'failed' || outcome === 'rejected');
  if (toKeep.length > kept.length) return { answer: 'again', reason: 'failed by our own fault' };
  if (kept.length > 0) return { answer: 'kept', reasons: [...kept] };
  if (receipts.some((receipt) => receipt.outcome === 'delivered')) return { answer: 'done' };
  const reasons = receipts.flatMap((receipt) => (receipt.outcome === 'skipped' ? [receipt.reason] : []));
  return { answer: 'skipped', reasons: [...new Set([...skips, ...reasons])] };
}
