/** Delivered Shipment: an order was delivered, as its shipment state says. */
import { messageCauseOf, messageTriggers } from '../types.ts';
import type { OrderRule } from './facts.ts';
import { timeAfterPlaced } from './order-date.ts';
import { messageTime, orderEventRule } from './order-event.ts';
import { orderValue } from './order-value.ts';
import { allPieces, partProperties, partPropertySettings } from './part-properties.ts';

export const deliveredShipment: OrderRule = orderEventRule({
  name: 'delivered-shipment',
  summary: 'An order changed to a shipment state that delivers it.',
  metric: 'deliveredShipment',
  settings: ['order.states.delivered', 'order.value'],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: () => messageTriggers('order', ['OrderShipmentStateChanged'], 'OrderDelivered'),
  events(facts, settings) {
    const { order, cause, at } = facts;
    const state = messageCauseOf(cause)?.shipmentState ?? order.shipmentState ?? 'without shipment state';
    if (!settings.order.states.delivered.includes(state))
      return { skip: `an order that is ${state} does not count as delivered (order.states.delivered)` };
    const own = { ShipmentStatus: order.shipmentState };
    return [
      {
        uniqueId: `${order.id}:delivered`,
        times: [timeAfterPlaced([messageTime(facts), order.lastModifiedAt], order, at)],
        value: orderValue(order, settings),
        properties: partProperties(facts, { pieces: allPieces(facts), own }, settings),
      },
    ];
  },
});
