/** Cancelled Order: an order changed to a state that cancels it. */
import type { OrderRule } from './facts.ts';
import { orderEventRule } from './order-event.ts';
import { reasonOf } from './properties.ts';
import { stateEvent, stateTriggers } from './state.ts';

export const cancelledOrder: OrderRule = orderEventRule({
  name: 'cancelled-order',
  summary: 'An order changed to a state that cancels it.',
  metric: 'cancelledOrder',
  settings: ['order.states.changed.cancelledOrder', 'order.messages.changed', 'order.value', 'order.reasonField'],
  moment: 'later',
  triggers: stateTriggers,
  events(facts, settings) {
    const { order } = facts;
    const times = [order.completedAt, order.lastModifiedAt];
    return stateEvent(facts, { meaning: 'cancelled', times, properties: reasonOf(facts, settings) }, settings);
  },
});
