/**
 * Placed Order: an order was created.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import type { OrderRule } from './facts.ts';
import { orderDate, placedTimes } from './order-date.ts';
import { orderEventRule } from './order-event.ts';
import { orderValue } from './order-value.ts';
import { notPlacedReason, placedSettings, placedTriggers } from './placed.ts';

export const placedOrder: OrderRule = orderEventRule({
  name: 'placed-order',
  summary: 'An order was created, or a guest order was assigned to its customer.',
  metric: 'placedOrder',
  settings: [...placedSettings, 'order.value'],
  moment: 'created',
  triggers: placedTriggers,
  events(facts, settings) {
    const { order } = facts;
    const reason = notPlacedReason(facts, settings);
    if (reason !== undefined) return { skip: reason };
    return [
      { uniqueId: order.id, times: placedTimes(order), datedAt: orderDate(order), value: orderValue(order, settings) },
    ];
  },
});
