/** Requests the deletion of a profile. https://developers.klaviyo.com/en/reference/request_profile_deletion */
import type { ErasureChange, Receipt } from '../change.ts';
import { delivered, receiptOfFailure, receiptOfResult, withWarnings } from '../receipts.ts';
import { isNotFound } from './catalog-crud.ts';
import { request, type WriteContext } from './write-context.ts';

/** Names the profile by Klaviyo's id: an e-mail or a phone number may belong to several people. */
export async function eraseProfile({ customerId }: ErasureChange, context: WriteContext): Promise<Receipt> {
  const profile = await context.existing.profile('external_id', customerId, context.lane);
  if (profile === undefined) return delivered;
  if ('failure' in profile) return receiptOfFailure(profile.failure);
  const { id, email } = profile;
  const isShared = email === undefined ? false : await context.hasOtherCustomer(email, customerId);
  if (isShared === 'unknown')
    return { outcome: 'unavailable', reason: 'commercetools does not tell now who else has the e-mail of the profile' };
  if (isShared) {
    const detail = `profile ${id} was not erased: another customer has its e-mail`;
    return withWarnings(delivered, [{ code: 'profile-kept', detail }]);
  }
  const named = { data: { type: 'profile', id, attributes: {} } };
  const body = { data: { type: 'data-privacy-deletion-job', attributes: { profile: named } } };
  const result = await request(context, { endpoint: 'requestProfileDeletion', body });
  return !result.ok && isNotFound(result.failure) ? delivered : receiptOfResult(result);
}
