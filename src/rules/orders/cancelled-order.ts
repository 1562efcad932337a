/** Cancelled Order: an order came into a state that cancels it. */
import type { Rule } from '../types.ts';
import type { OrderFacts } from './facts.ts';
import { reasonOf } from './properties.ts';
import { stateEvent, stateSettings, stateTriggers } from './state.ts';

export const cancelledOrder: Rule<OrderFacts> = {
  name: 'cancelled-order',
  summary: 'An order came into a state that cancels it.',
  sends: 'event `Cancelled Order`',
  settings: [
    'order.metrics.cancelledOrder',
    'order.states.changed.cancelledOrder',
    'order.reasonField',
    ...stateSettings,
  ],
  needs: ['discountCodes'],
  bulk: 'orders',
  triggers: stateTriggers,
  map(facts, settings) {
    const { order } = facts;
    return stateEvent(
      facts,
      {
        metric: settings.order.metrics.cancelledOrder,
        meaning: 'cancelled',
        times: [order.completedAt, order.lastModifiedAt],
        properties: reasonOf(facts, settings),
      },
      settings,
    );
  },
};
