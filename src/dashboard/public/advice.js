/** Returns advice for a dead letter by its code. */

const byCode = {
  unreadable:
    'The message or record is not as commercetools describes it. Look at the named place, then replay or discard.',
  failed: 'Internal error: see the stack in the log. Replay after an update of this service.',
  too_large: 'The record is larger than Klaviyo takes. Exclude properties in the settings, then replay.',
  identity_conflict:
    'E-mail and id belong to two profiles. Merge them in Klaviyo, or set customer.identityConflict, then replay.',
  duplicate_profile: 'Another profile holds an identifier. Merge the two in Klaviyo, then replay.',
  job_lost: 'Klaviyo did not say how its job ended. Replay: it does no harm.',
  not_found: 'What it refers to is not in Klaviyo. Sync the categories or products, then replay.',
  invalid: 'Klaviyo does not take a value. Mend it in commercetools, then replay.',
};
const defaultAdvice = 'Mend the named field in commercetools, then replay; discard what is not wanted.';

export function adviceFor({ code, replayable }) {
  if (!replayable) return 'The message is unreadable: it can only be discarded.';
  return byCode[code] ?? defaultAdvice;
}
