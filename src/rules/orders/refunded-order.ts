/**
 * Refunded Order: one event for each refund that a payment of the order has.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import type { Payment, Transaction } from '../../commercetools/schemas.ts';
import type { RuleSettings } from '../settings.ts';
import { messageTriggers, type Rule, skip } from '../types.ts';
import { messageTime, noIdentity, type OrderEventResult, orderEvent, profileOf } from './event.ts';
import { combineEvents } from './events.ts';
import type { OrderFacts } from './facts.ts';
import { orderProperties, propertySettings, reasonOf } from './properties.ts';

export const refundedOrder: Rule<OrderFacts> = {
  name: 'refunded-order',
  summary: 'Money went back: each refund of the payments of an order.',
  sends: 'event `Refunded Order` for each refund',
  settings: [
    'order.metrics.refundedOrder',
    'payment.messages.transactionAdded',
    'payment.messages.transactionChanged',
    'payment.states.validTransactionStates',
    'order.reasonField',
    'order.profileLocation',
    'order.valueCurrency',
    'order.backfillAfterDays',
    ...propertySettings,
  ],
  needs: ['payments', 'discountCodes'],
  bulk: 'orders',
  triggers(settings) {
    const { transactionAdded, transactionChanged } = settings.payment.messages;
    const wanted = [...transactionAdded, ...transactionChanged];
    // Who emptied both lists wants no refunds.
    if (wanted.length === 0) return [];
    return [
      // A payment may be created with its refund, and given to the order after that.
      ...messageTriggers('payment', [...new Set([...wanted, 'PaymentCreated'])], 'OrderRefunded'),
      ...messageTriggers('order', ['OrderPaymentAdded'], 'OrderRefunded'),
    ];
  },
  map(facts, settings) {
    if (!profileOf(facts)) return skip(noIdentity);
    const refunds = refundsOf(facts);
    if (refunds.length === 0) return skip('no payment of the order has a refund');
    const properties = { ...reasonOf(facts, settings), ...orderProperties(facts, settings) };
    return combineEvents(refunds.map((refund) => refundEvent(facts, { ...refund, properties }, settings)));
  },
};

interface Refund {
  transaction: Transaction;
  payment: Payment;
  uniqueId: string;
}

/**
 * Every refund of the order, in any state, with the id that it keeps for ever. Klaviyo counts a refund in the lifetime
 * value only under the id of its Placed Order, so one refund carries that: the first by position of the order's first
 * payment, whatever its state. Transactions are only ever appended, so all who look agree without a memory.
 */
function refundsOf({ order, payments }: OrderFacts): Refund[] {
  return payments.flatMap((payment, position): Refund[] => {
    if (!payment) return [];
    const refunds = payment.transactions.filter(({ type }) => type === 'Refund');
    return refunds.map((transaction, index) => {
      const carriesOrderId = position === 0 && index === 0;
      return { transaction, payment, uniqueId: carriesOrderId ? order.id : `${order.id}:${transaction.id}` };
    });
  });
}

type RefundParts = Refund & { properties: Record<string, unknown> };

function refundEvent(facts: OrderFacts, refund: RefundParts, settings: RuleSettings): OrderEventResult {
  const { transaction, payment, uniqueId, properties } = refund;
  if (!settings.payment.states.validTransactionStates.includes(transaction.state)) {
    return { skip: `a refund that is ${transaction.state} does not count (payment.states.validTransactionStates)` };
  }
  const event = orderEvent(
    facts,
    {
      metric: settings.order.metrics.refundedOrder,
      uniqueId,
      times: [transaction.timestamp, messageTime(facts.cause), payment.lastModifiedAt],
      value: transaction.amount,
      properties,
      moment: 'later',
    },
    settings,
  );
  if ('skip' in event) return event;
  const value = Math.abs(event.change.value ?? 0);
  return value === 0 ? { skip: 'a refund of 0' } : { ...event, change: { ...event.change, value } };
}
