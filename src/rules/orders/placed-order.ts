/**
 * Placed Order: an order came in.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import { changes, type Rule, skip } from '../types.ts';
import { orderEvent } from './event.ts';
import type { OrderFacts } from './facts.ts';
import { notPlacedReason, placedSettings, placedTriggers } from './placed.ts';
import { orderProperties, propertySettings } from './properties.ts';

export const placedOrder: Rule<OrderFacts> = {
  name: 'placed-order',
  summary: 'An order came in, or a guest order was given to its customer.',
  sends: 'event `Placed Order`',
  settings: ['order.metrics.placedOrder', ...placedSettings, ...propertySettings],
  needs: ['discountCodes'],
  bulk: 'orders',
  triggers: placedTriggers,
  map(facts, settings) {
    const reason = notPlacedReason(facts, settings);
    if (reason !== undefined) return skip(reason);
    const { order } = facts;
    const event = orderEvent(
      facts,
      {
        metric: settings.order.metrics.placedOrder,
        uniqueId: order.id,
        times: [order.createdAt],
        value: order.totalPrice,
        properties: orderProperties(facts, settings),
        moment: 'created',
      },
      settings,
    );
    return 'skip' in event ? skip(event.skip) : changes([event.change], { warnings: event.warnings });
  },
};
