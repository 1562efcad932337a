/**
 * Erase profile: requests that Klaviyo deletes the profile of a customer whose personal data was erased in commercetools.
 * https://developers.klaviyo.com/en/reference/request_profile_deletion
 */
import { changes, changeTrigger, type Rule, skip } from '../types.ts';
import type { ErasureFacts } from './erasure-facts.ts';

export const eraseProfile: Rule<ErasureFacts> = {
  name: 'erase-profile',
  summary:
    'A customer was deleted with `dataErasure: true` (`ResourceDeleted`): only with `customer.onErasure: request`.',
  sends: 'data privacy deletion job',
  settings: ['customer.onErasure'],
  triggers: ({ customer }) => (customer.onErasure === 'request' ? [changeTrigger('customer', 'ResourceDeleted')] : []),
  map({ customerId, erased }) {
    return erased ? changes([{ type: 'erasure', customerId }]) : skip('the customer exists in commercetools');
  },
};
