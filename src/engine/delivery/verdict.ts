/** Combines the results of all records of a message into what a source must do: acknowledge it, or leave it to a retry. */
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { RecordResult } from './outcome.ts';

export type Verdict =
  | { ack: true; outcome: 'delivered' }
  | { ack: true; outcome: 'skipped'; reasons: string[] }
  /** Rejected, unreadable or failed, and stored as a dead letter. `reasons` are the codes of the dead letters. */
  | { ack: true; outcome: 'dead-lettered'; reasons: string[] }
  /** Retry later; do not acknowledge. `actionRequired`: an operator must fix credentials. */
  | { ack: false; reason: string; retryAfterMs?: number; actionRequired?: boolean };

/** The outcome of a message in logs, metrics and traces. */
export type VerdictOutcome = 'delivered' | 'skipped' | 'dead-lettered' | 'retried';

export const internalError: Verdict = { ack: false, reason: 'internal error' };

export function outcomeOf(verdict: Verdict): VerdictOutcome {
  return verdict.ack ? verdict.outcome : 'retried';
}

/** @returns why a message was skipped, dead-lettered or not acknowledged */
export function reasonsOf(verdict: Verdict): string[] {
  if (!verdict.ack) return [verdict.reason];
  return verdict.outcome === 'delivered' ? [] : verdict.reasons;
}

/**
 * Decides in this order: unavailable anywhere: retry; failed or rejected without a dead letter: retry, because nothing
 * would remember it; dead-lettered; delivered; skipped.
 */
export function toVerdict(results: readonly RecordResult[]): Verdict {
  const receipts = results.flatMap((result) => result.receipts);
  const unavailable = receipts.filter((receipt) => receipt.outcome === 'unavailable');
  const decisive = unavailable.find((receipt) => receipt.actionRequired) ?? unavailable[0];
  if (decisive) {
    const waits = unavailable.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
    const retryAfterMs = waits.length > 0 ? Math.max(...waits) : undefined;
    const { reason, actionRequired } = decisive;
    return omitUndefined({ ack: false as const, reason, actionRequired: actionRequired || undefined, retryAfterMs });
  }
  const deadLettered = results.flatMap((result) => result.deadLettered);
  const errors = results.flatMap((result) => result.errors);
  const undelivered = receipts.filter(({ outcome }) => outcome === 'failed' || outcome === 'rejected');
  const stored = deadLettered.filter((code) => code !== 'unreadable');
  if (undelivered.length + errors.length > stored.length) return internalError;
  if (deadLettered.length > 0) return { ack: true, outcome: 'dead-lettered', reasons: deadLettered };
  if (receipts.some(({ outcome }) => outcome === 'delivered')) return { ack: true, outcome: 'delivered' };
  return { ack: true, outcome: 'skipped', reasons: skipReasons(results) };
}

/** @returns each reason once: those of rules, then those of the sink */
export function skipReasons(results: readonly RecordResult[]): string[] {
  const reasons = results.flatMap(({ skips, receipts }) => [
    ...skips,
    ...receipts.flatMap((receipt) => (receipt.outcome === 'skipped' ? [receipt.reason] : [])),
  ]);
  return [...new Set(reasons)];
}
