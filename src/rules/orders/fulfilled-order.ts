/** Fulfilled Order: an order changed to a state that fulfils it. */
import { lastDeliveredAt } from './deliveries.ts';
import type { OrderRule } from './facts.ts';
import { orderEventRule } from './order-event.ts';
import { stateEvent, stateTriggers } from './state.ts';

export const fulfilledOrder: OrderRule = orderEventRule({
  name: 'fulfilled-order',
  summary: 'An order changed to a state that fulfils it.',
  metric: 'fulfilledOrder',
  settings: ['order.states.changed.fulfilledOrder', 'order.messages.changed', 'order.value'],
  moment: 'later',
  triggers: stateTriggers,
  events(facts, settings) {
    const { order } = facts;
    const times = [order.completedAt, lastDeliveredAt(order), order.lastModifiedAt];
    return stateEvent(facts, { meaning: 'fulfilled', times }, settings);
  },
});
