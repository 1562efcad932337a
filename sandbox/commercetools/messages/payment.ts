/** Which messages a change of a payment makes. */
import type { Change } from '../changes.ts';
import { field, listField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import { listDifference } from './compare.ts';

/** Messages of a payment; a deleted one sends none. */
export function paymentMessages({ before, after }: Change): MessageBody[] {
  if (after === undefined) return [];
  if (before === undefined) return [{ type: 'PaymentCreated', payment: after }];
  const { added, changed } = listDifference(listField(before, 'transactions'), listField(after, 'transactions'));
  const stateChanged = changed.filter(([previous, current]) => field(previous, 'state') !== field(current, 'state'));
  return [
    ...added.map((transaction) => ({ type: 'PaymentTransactionAdded', transaction })),
    ...stateChanged.map(([, current]) => ({
      type: 'PaymentTransactionStateChanged',
      transactionId: field(current, 'id'),
      state: field(current, 'state'),
    })),
  ];
}
