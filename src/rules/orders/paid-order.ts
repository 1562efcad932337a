/** Paid Order: an order was paid, as its payment state says. */
import { messageCauseOf, messageTriggers } from '../types.ts';
import type { OrderRule } from './facts.ts';
import { timeAfterPlaced } from './order-date.ts';
import { messageTime, orderEventRule } from './order-event.ts';
import { orderValue } from './order-value.ts';
import { allPieces, partProperties, partPropertySettings } from './part-properties.ts';

export const paidOrder: OrderRule = orderEventRule({
  name: 'paid-order',
  summary: 'An order changed to a payment state that pays it; off unless `order.metrics.paidOrder` has a name.',
  metric: 'paidOrder',
  settings: ['order.states.paid', 'order.value'],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: () => messageTriggers('order', ['OrderPaymentStateChanged'], 'OrderPaid'),
  events(facts, settings) {
    const { order, cause, at } = facts;
    const state = messageCauseOf(cause)?.paymentState ?? order.paymentState ?? 'without payment state';
    if (!settings.order.states.paid.includes(state))
      return { skip: `an order that is ${state} does not count as paid (order.states.paid)` };
    const own = { ShipmentStatus: order.shipmentState };
    return [
      {
        uniqueId: order.id,
        times: [timeAfterPlaced([messageTime(facts), order.lastModifiedAt], order, at)],
        value: orderValue(order, settings),
        properties: partProperties(facts, { pieces: allPieces(facts), own }, settings),
      },
    ];
  },
});
