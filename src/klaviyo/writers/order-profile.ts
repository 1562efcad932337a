/** Gives the profile of a corrected order its new e-mail, and remembers which profile has the events of the order. */
import { messageOf } from '../../lib/errors.ts';
import type { OrderProfileChange, Receipt } from '../change.ts';
import { delivered, receiptOfFailure, withWarnings } from '../receipts.ts';
import { request, type WriteContext } from './write-context.ts';

export async function writeOrderProfile(
  { orderId, profileId, email }: OrderProfileChange,
  context: WriteContext,
): Promise<Receipt> {
  try {
    // First, so that no event of the order goes elsewhere when this process dies between the two.
    await context.rememberOrderProfile(orderId, profileId);
  } catch (thrown) {
    return { outcome: 'unavailable', reason: `the profile of an order cannot be stored: ${messageOf(thrown)}` };
  }
  if (email === undefined) return delivered;
  const body = { data: { type: 'profile', id: profileId, attributes: { email } } };
  const result = await request(context, { endpoint: 'updateProfile', id: profileId, body });
  if (result.ok) return delivered;
  // Another profile has got the e-mail meanwhile.
  if (result.failure.type === 'rejected' && result.failure.status === 409)
    return withWarnings(delivered, [
      { code: 'email-not-corrected', detail: 'the first event stands: another profile has the new e-mail' },
    ]);
  return receiptOfFailure(result.failure);
}
