/** Paid Order: an order was paid, as its payment state says. */
import { messageCauseOf, messageTriggers } from '../types.ts';
import type { OrderRule } from './facts.ts';
import { orderEventRule } from './order-event.ts';
import { allPieces, partProperties, partPropertySettings } from './part-properties.ts';
import { notCounted, wholeOrderEvent } from './state.ts';

export const paidOrder: OrderRule = orderEventRule({
  name: 'paid-order',
  summary: 'An order changed to a payment state that pays it; off unless `order.metrics.paidOrder` has a name.',
  metric: 'paidOrder',
  settings: ['order.states.paid', 'order.value'],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: () => messageTriggers('order', ['OrderPaymentStateChanged'], 'OrderPaid'),
  events(facts, settings) {
    const { order, cause } = facts;
    const state = messageCauseOf(cause)?.paymentState ?? order.paymentState ?? 'without payment state';
    if (!settings.order.states.paid.includes(state)) return notCounted(state, 'paid', 'order.states.paid');
    const own = { ShipmentStatus: order.shipmentState };
    const properties = partProperties(facts, { pieces: allPieces(facts), own }, settings);
    return [wholeOrderEvent(facts, { times: [order.lastModifiedAt], properties }, settings)];
  },
});
