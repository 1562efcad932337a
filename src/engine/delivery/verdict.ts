/**
 * What became of a record, in the words that logs, metrics, counts, HTTP answers and the dashboard share; and the verdict
 * of a message, which combines the results of all of its records.
 */
import type { Receipt } from '../../klaviyo/change.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { RecordRef } from '../../rules/types.ts';
import type { Verdict } from '../../sources/source.ts';

/**
 * - `delivered`: Klaviyo accepted at least one change of the record, and rejected none.
 * - `skipped`: there was nothing to send.
 * - `rejected`: Klaviyo rejected a change permanently.
 * - `unreadable`: the record does not match commercetools' API.
 * - `unavailable`: an API or the store can't answer now; the record is retried.
 * - `failed`: an internal error, or an exception in a hook or a custom rule.
 */
export type Outcome = 'delivered' | 'skipped' | 'rejected' | 'unreadable' | 'unavailable' | 'failed';

/** What became of one record, over all rules that were evaluated for it. */
export interface RecordResult {
  record: RecordRef;
  outcome: Outcome;
  receipts: Receipt[];
  /** Why rules sent nothing. */
  skips: string[];
  /** Codes of the dead letters that were stored for the record. */
  deadLettered: string[];
  /** Errors of rules that threw, and of changes that failed by an internal error. */
  errors: Error[];
}

export function emptyResult(record: RecordRef): RecordResult {
  return { record, outcome: 'skipped', receipts: [], skips: [], deadLettered: [], errors: [] };
}

/** From the outcome that decides about a record to the one that never does. */
const precedence: readonly Outcome[] = ['unavailable', 'failed', 'rejected', 'unreadable', 'delivered', 'skipped'];

/** @returns the outcome that decides when several parts of a record, or of a message, ended differently */
export function worstOutcome(outcomes: readonly Outcome[]): Outcome {
  return precedence.find((outcome) => outcomes.includes(outcome)) ?? 'skipped';
}

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
