/** Fulfilled Order: an order came into a state that fulfils it. */
import type { Rule } from '../types.ts';
import { lastDelivery } from './event.ts';
import type { OrderFacts } from './facts.ts';
import { stateEvent, stateSettings, stateTriggers } from './state.ts';

export const fulfilledOrder: Rule<OrderFacts> = {
  name: 'fulfilled-order',
  summary: 'An order came into a state that fulfils it.',
  sends: 'event `Fulfilled Order`',
  settings: ['order.metrics.fulfilledOrder', 'order.states.changed.fulfilledOrder', ...stateSettings],
  needs: ['discountCodes'],
  bulk: 'orders',
  triggers: stateTriggers,
  map(facts, settings) {
    const { order } = facts;
    return stateEvent(
      facts,
      {
        metric: settings.order.metrics.fulfilledOrder,
        meaning: 'fulfilled',
        // No invented times: the order's own word, the parcels', else when it was last touched.
        times: [order.completedAt, lastDelivery(order), order.lastModifiedAt],
        properties: {},
      },
      settings,
    );
  },
};
