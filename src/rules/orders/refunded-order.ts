/**
 * Refunded Order: one event for each refund of the payments of an order.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import type { Payment, Transaction } from '../../commercetools/schemas.ts';
import { absolute } from '../fields/money.ts';
import type { RuleSettings } from '../settings.ts';
import { messageTriggers, type Skip } from '../types.ts';
import type { OrderFacts, OrderRule } from './facts.ts';
import { messageTime, type OrderEventDraft, orderEventRule } from './order-event.ts';
import { reasonOf } from './properties.ts';
import { reasonNotToRefund, refundsIn } from './refunds.ts';

export const refundedOrder: OrderRule = orderEventRule({
  name: 'refunded-order',
  summary: 'Money was refunded: one event for each refund of the payments of an order.',
  metric: 'refundedOrder',
  per: 'each refund',
  settings: [
    'payment.messages.transactionAdded',
    'payment.messages.transactionChanged',
    'payment.states.validTransactionStates',
    'order.reasonField',
  ],
  needs: ['payments'],
  moment: 'later',
  triggers(settings) {
    const { transactionAdded, transactionChanged } = settings.payment.messages;
    const configured = [...transactionAdded, ...transactionChanged];
    // Two empty lists switch refunds off.
    if (configured.length === 0) return [];
    return [
      // A payment may be created with its refund and be added to the order afterwards.
      ...messageTriggers('payment', [...configured, 'PaymentCreated'], 'OrderRefunded'),
      ...messageTriggers('order', ['OrderPaymentAdded'], 'OrderRefunded'),
    ];
  },
  events(facts, settings) {
    const refunds = refundsOf(facts);
    const unreadable = unreadablePayments(facts);
    if (refunds.length + unreadable.length === 0) return { skip: 'no payment of the order has a refund' };
    const properties = reasonOf(facts, settings);
    return [...refunds.map((refund) => refundEvent(facts, { ...refund, properties }, settings)), ...unreadable];
  },
});

interface Refund {
  transaction: Transaction;
  payment: Payment;
  uniqueId: string;
}

/**
 * Returns every refund of the order in any state, with a unique id that never changes. Klaviyo subtracts a refund from
 * the lifetime value only under the unique id of its Placed Order, so one refund has that id: the first one of the
 * order's first payment. Transactions are only ever appended, so every evaluation chooses the same refund.
 */
function refundsOf({ order, payments }: OrderFacts): Refund[] {
  return payments.flatMap((payment, position): Refund[] => {
    // A payment that the order names twice refunds once.
    if (!payment || payments.findIndex((other) => other?.id === payment.id) !== position) return [];
    return refundsIn(payment).map((transaction, index) => {
      const hasOrderId = position === 0 && index === 0;
      return { transaction, payment, uniqueId: hasOrderId ? order.id : `${order.id}:${transaction.id}` };
    });
  });
}

function unreadablePayments({ order }: OrderFacts): Skip[] {
  const references = order.paymentInfo?.payments ?? [];
  return references.flatMap(({ id }, index) =>
    id === undefined ? [{ skip: `paymentInfo.payments.${index}.id is missing or malformed` }] : [],
  );
}

function refundEvent(
  facts: OrderFacts,
  { transaction, payment, uniqueId, properties }: Refund & { properties: Record<string, unknown> },
  settings: RuleSettings,
): OrderEventDraft | Skip {
  const reason = reasonNotToRefund(transaction, settings);
  if (reason !== undefined) return { skip: reason };
  const refundingOrder = facts.refundingOrders.get(payment.id);
  if (refundingOrder !== facts.order.id)
    return { skip: `the payment is refunded on order ${refundingOrder}, which was created first of those with it` };
  return {
    uniqueId,
    times: [transaction.timestamp, messageTime(facts), payment.lastModifiedAt],
    // Payment providers disagree about the sign of a refund.
    value: absolute(transaction.amount),
    properties,
  };
}
