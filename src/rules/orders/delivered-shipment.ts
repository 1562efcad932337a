/** Delivered Shipment: an order was delivered, as its shipment state says. */
import { messageCauseOf, messageTriggers } from '../types.ts';
import type { OrderRule } from './facts.ts';
import { orderEventRule } from './order-event.ts';
import { allPieces, partProperties, partPropertySettings } from './part-properties.ts';
import { notCounted, wholeOrderEvent } from './state.ts';

export const deliveredShipment: OrderRule = orderEventRule({
  name: 'delivered-shipment',
  summary: 'An order changed to a shipment state that delivers it.',
  metric: 'deliveredShipment',
  settings: ['order.states.delivered', 'order.value'],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: () => messageTriggers('order', ['OrderShipmentStateChanged'], 'OrderDelivered'),
  events(facts, settings) {
    const { order, cause } = facts;
    const state = messageCauseOf(cause)?.shipmentState ?? order.shipmentState ?? 'without shipment state';
    if (!settings.order.states.delivered.includes(state))
      return notCounted(state, 'delivered', 'order.states.delivered');
    const own = { ShipmentStatus: order.shipmentState };
    const properties = partProperties(facts, { pieces: allPieces(facts), own }, settings);
    const event = wholeOrderEvent(facts, { times: [order.lastModifiedAt], properties }, settings);
    return [{ ...event, uniqueId: `${order.id}:delivered` }];
  },
});
