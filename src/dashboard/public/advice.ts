/** Advice for a dead letter by its code, and whose words its detail is. */
import type { DeadLetter } from '../../engine/delivery/dead-letters.ts';

const byCode: Record<string, string> = {
  unreadable: 'The record is not as commercetools documents it. Correct the named field, then retry; or discard it.',
  failed: 'Internal error. See the stack in the log; retry after an update of this service.',
  too_large: "The record exceeds Klaviyo's size limit. Exclude properties in the settings, then retry.",
  identity_conflict:
    'The e-mail and the id belong to two profiles. Merge them in Klaviyo, or set customer.identityConflict, then retry.',
  duplicate_profile: 'Another profile has this identifier. Merge the two in Klaviyo, then retry.',
  job_lost: 'Klaviyo did not report the result of its job. Retry: writes are idempotent.',
  not_found: 'A record that it refers to is missing in Klaviyo. Sync categories or products, then retry.',
  invalid: 'Klaviyo rejected a field. Correct it in commercetools, then retry.',
};
const defaultAdvice = 'Correct the named field in commercetools, then retry; or discard it.';
/** Codes of this service; all others come from Klaviyo. */
const ownCodes: ReadonlySet<string> = new Set(['unreadable', 'failed', 'job_lost', 'too_large', 'identity_conflict']);

export function adviceFor({ code, replayable }: Pick<DeadLetter, 'code' | 'replayable'>): string {
  if (!replayable) return 'The message is unreadable and can only be discarded.';
  return byCode[code] ?? defaultAdvice;
}

export function isFromKlaviyo({ code }: Pick<DeadLetter, 'code'>): boolean {
  return !ownCodes.has(code);
}
