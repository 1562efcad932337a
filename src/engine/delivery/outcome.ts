/** What became of a record: the words that logs, metrics, counts, HTTP answers and the dashboard share. */
import type { Receipt } from '../../klaviyo/change.ts';
import type { RecordRef } from '../../rules/types.ts';

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
