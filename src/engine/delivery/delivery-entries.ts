/** Entries of the delivery log from evaluations and receipts: several equal ones of a rule are one entry with a count. */
import type { Lane } from '../../klaviyo/api/rate-limiter.ts';
import type { Receipt } from '../../klaviyo/change.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import { type Cause, messageCauseOf, type RecordRef } from '../../rules/types.ts';
import type { DeliveryLog } from './delivery-log.ts';
import type { DeliveryEntry } from './delivery-log-page.ts';

type DeliveryDraft = Omit<DeliveryEntry, 'at'>;

export interface DeliveryOrigin {
  record: RecordRef;
  rule: string;
  wrote?: string | undefined;
}

export interface DeliveryAttempt {
  cause: Cause;
  attempt?: number | undefined;
}

export function receiptEntry(origin: DeliveryOrigin, receipt: Receipt, attempt: DeliveryAttempt): DeliveryDraft {
  switch (receipt.outcome) {
    case 'delivered':
      return entryOf(origin, { outcome: 'delivered' }, attempt);
    case 'skipped':
      return entryOf(origin, { outcome: 'skipped', reason: receipt.reason }, attempt);
    case 'rejected': {
      const reason = `${receipt.code}: ${receipt.detail}`;
      return entryOf(origin, { outcome: 'rejected', reason, klaviyoErrorId: receipt.errorId }, attempt);
    }
    case 'unavailable':
      return entryOf(origin, { outcome: 'retried', reason: receipt.reason }, attempt);
    case 'failed':
      return entryOf(origin, { outcome: 'failed', reason: receipt.error.name }, attempt);
  }
}

/** Keeps a page below the size of a custom object. */
const maxReasonLength = 300;

type Result = Pick<DeliveryDraft, 'outcome'> & { reason?: string; klaviyoErrorId?: string | undefined };

export function entryOf(
  { record: { typeId, id }, rule, wrote }: DeliveryOrigin,
  result: Result,
  { cause, attempt }: DeliveryAttempt,
): DeliveryDraft {
  const messageId = messageCauseOf(cause)?.messageId;
  const repeated = attempt !== undefined && attempt > 1 ? attempt : undefined;
  const reason = result.reason?.slice(0, maxReasonLength);
  return omitUndefined({ record: { typeId, id }, rule, wrote, ...result, reason, attempt: repeated, messageId });
}

/**
 * Adds drafts of realtime to the log; equal ones become one entry with their number. The other lanes count their records
 * instead, and make no drafts.
 */
export function logDeliveries(
  log: Pick<DeliveryLog, 'add'>,
  lane: Lane,
  makeDrafts: () => readonly DeliveryDraft[],
): void {
  if (lane !== 'realtime') return;
  const drafts = makeDrafts();
  log.add(drafts.length < 2 ? drafts : merged(drafts));
}

function merged(drafts: readonly DeliveryDraft[]): DeliveryDraft[] {
  const groups = Map.groupBy(drafts, (draft) => JSON.stringify(draft));
  return [...groups.values()].flatMap(([first, ...others]) => (first ? [withCount(first, others.length + 1)] : []));
}

function withCount(draft: DeliveryDraft, count: number): DeliveryDraft {
  return count > 1 ? { ...draft, count } : draft;
}
