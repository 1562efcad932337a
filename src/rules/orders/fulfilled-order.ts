/** Fulfilled Order: an order changed to a state that fulfils it. */

import { messageCauseOf, messageTriggers } from '../types.ts';
import { lastDeliveredAt } from './deliveries.ts';
import type { OrderRule } from './facts.ts';
import { orderEventRule } from './order-event.ts';
import { deliversAll, shippedDeliveries } from './shipped-parts.ts';
import { notCounted, stateEvent, stateTriggers, wholeOrderEvent } from './state.ts';

export const fulfilledOrder: OrderRule = orderEventRule({
  name: 'fulfilled-order',
  summary: 'An order changed to a state that fulfils it.',
  metric: 'fulfilledOrder',
  settings: [
    'order.fulfilled.when',
    'order.states.shipped',
    'order.states.changed.fulfilledOrder',
    'order.messages.changed',
    'order.value',
  ],
  moment: 'later',
  triggers(settings) {
    const types = {
      state: undefined,
      shipmentState: ['OrderShipmentStateChanged'],
      delivered: ['DeliveryAdded', 'DeliveryItemsUpdated'],
    } as const;
    const other = types[settings.order.fulfilled.when];
    return other ? messageTriggers('order', other, 'OrderStateChanged') : stateTriggers(settings);
  },
  events(facts, settings) {
    const { order, cause } = facts;
    const times = [order.completedAt, lastDeliveredAt(order), order.lastModifiedAt];
    const { when } = settings.order.fulfilled;
    if (when !== 'state') {
      const state = messageCauseOf(cause)?.shipmentState ?? order.shipmentState ?? 'without shipment state';
      if (when === 'shipmentState' && !settings.order.states.shipped.includes(state))
        return notCounted(state, 'fulfilled', 'order.states.shipped');
      if (when === 'delivered' && !deliversAll(shippedDeliveries(order), order))
        return { skip: 'some pieces of the order are in no delivery (order.fulfilled.when)' };
      return [wholeOrderEvent(facts, { times }, settings)];
    }
    return stateEvent(facts, { meaning: 'fulfilled', times }, settings);
  },
});
