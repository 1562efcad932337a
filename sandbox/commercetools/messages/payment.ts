/** Messages of payments. */
import type { Change } from '../changes.ts';
import { field, listField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import { listDifference } from './compare.ts';

/** Returns the messages of a payment change. Deletion sends none. */
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
