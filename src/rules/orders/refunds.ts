/** Which transactions of payments are refunds that count. */
import type { Payment, Transaction } from '../../commercetools/schemas.ts';
import { majorUnits } from '../fields/money.ts';
import type { RuleSettings } from '../settings.ts';

/** Returns all refunds of the payment, in any state. A chargeback is none: the bank decides it. */
export function refundsIn({ transactions }: Payment): Transaction[] {
  return transactions.filter(({ type }) => type === 'Refund');
}

/** Returns why a refund is not sent, or undefined if it counts. */
export function reasonNotToRefund({ state, amount }: Transaction, settings: RuleSettings): string | undefined {
  if (!settings.payment.states.validTransactionStates.includes(state))
    return `a refund that is ${state} does not count (payment.states.validTransactionStates)`;
  return majorUnits(amount) === 0 ? 'a refund of 0' : undefined;
}

export function hasRefund(payment: Payment, settings: RuleSettings): boolean {
  return refundsIn(payment).some((refund) => reasonNotToRefund(refund, settings) === undefined);
}
