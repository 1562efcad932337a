/** Combines pending changes to one record, without losing a property that one of them removes. */
import type { Receipt, SequencedChange } from './change.ts';

/** A newer state was written, which does not say whether the property is still removed: the customer is read again. */
export const outdatedRemoval: Receipt = {
  outcome: 'unavailable',
  reason: 'a newer state of the customer was written, so the removal of a custom field is evaluated again',
};

/** Returns whether the change removes properties of a profile, which a change without the removal does not repeat. */
export function clearsProperties(change: SequencedChange): boolean {
  return change.type === 'profile' && Object.values(change.profile.properties ?? {}).includes(null);
}

/**
 * Returns the change with the higher `readSeq`. A property that the other one removes is removed too, unless the newer one
 * has it: only one message contains a removal.
 */
export function coalesced<Origin>(
  left: SequencedChange<Origin>,
  right: SequencedChange<Origin>,
): SequencedChange<Origin> {
  const [older, newer] = right.readSeq >= left.readSeq ? [left, right] : [right, left];
  if (older.type !== 'profile' || newer.type !== 'profile' || !clearsProperties(older)) return newer;
  const removed = Object.entries(older.profile.properties ?? {}).filter(([, value]) => value === null);
  const properties = { ...Object.fromEntries(removed), ...newer.profile.properties };
  return { ...newer, profile: { ...newer.profile, properties } };
}
