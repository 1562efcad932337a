/**
 * Ordered Product: one event for each line of an order, gifts too, custom lines not.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import type { LineItem } from '../../commercetools/schemas.ts';
import { filtered } from '../fields/properties.ts';
import type { RuleSettings } from '../settings.ts';
import { type Rule, skip } from '../types.ts';
import { type OrderEventResult, orderEvent } from './event.ts';
import { combineEvents } from './events.ts';
import type { OrderFacts } from './facts.ts';
import { orderId } from './klaviyo-properties.ts';
import { asOrderedProduct, lineOf } from './line.ts';
import { notPlacedReason, placedSettings, placedTriggers } from './placed.ts';
import { withoutExcluded } from './properties.ts';

export const orderedProduct: Rule<OrderFacts> = {
  name: 'ordered-product',
  summary: 'The lines of an order that came in, one event each.',
  sends: 'event `Ordered Product` for each line item',
  settings: ['order.metrics.orderedProduct', ...placedSettings, 'order.properties', 'product.brandAttribute'],
  bulk: 'orders',
  triggers: placedTriggers,
  map(facts, settings) {
    const reason = notPlacedReason(facts, settings);
    if (reason !== undefined) return skip(reason);
    if (facts.order.lineItems.length === 0) return skip('the order has no line items');
    return combineEvents(facts.order.lineItems.map((item) => lineEvent(item, facts, settings)));
  },
};

function lineEvent(item: LineItem, facts: OrderFacts, settings: RuleSettings): OrderEventResult {
  return orderEvent(
    facts,
    {
      metric: settings.order.metrics.orderedProduct,
      uniqueId: item.id,
      times: [facts.order.createdAt],
      value: item.totalPrice,
      properties: lineProperties(item, facts, settings),
      moment: 'created',
    },
    settings,
  );
}

/** All of the line item's own properties: the merchant's filter is about the order's names. */
function lineProperties(item: LineItem, facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const { klaviyoNames, raw } = settings.order.properties;
  const ours = klaviyoNames
    ? { OrderId: orderId(facts.order, settings), ...asOrderedProduct(lineOf(item, facts, settings)) }
    : {};
  return {
    ...withoutExcluded(ours, settings),
    ...(raw ? filtered(item, { include: [], exclude: [], map: {} }).properties : {}),
  };
}
