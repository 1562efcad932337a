/**
 * Ordered Product: one event for each line item of an order, including gifts, without custom line items.
 * https://developers.klaviyo.com/en/docs/guide_to_integrating_a_platform_without_a_pre_built_klaviyo_integration
 */
import type { LineItem } from '../../commercetools/schemas.ts';
import { filtered } from '../fields/properties.ts';
import type { RuleSettings } from '../settings.ts';
import type { Skip } from '../types.ts';
import type { OrderFacts, OrderRule } from './facts.ts';
import { asOrderedProduct, lineOf } from './line.ts';
import { orderDate, placedTimes } from './order-date.ts';
import { type OrderEventDraft, orderEventRule } from './order-event.ts';
import { lineValue } from './order-value.ts';
import { notPlacedReason, placedSettings, placedTriggers } from './placed.ts';
import { orderId, withoutExcluded } from './properties.ts';

export const orderedProduct: OrderRule = orderEventRule({
  name: 'ordered-product',
  summary: 'An order was created: one event for each of its line items.',
  metric: 'orderedProduct',
  per: 'each line item',
  settings: [...placedSettings, 'order.lineValue'],
  ownPropertySettings: ['order.properties', 'product.brandAttribute'],
  moment: 'created',
  triggers: placedTriggers,
  events(facts, settings) {
    const reason = notPlacedReason(facts, settings);
    if (reason !== undefined) return { skip: reason };
    const { lineItems } = facts.order;
    if (lineItems.length === 0) return { skip: 'the order has no line items' };
    return lineItems.map((item, index) => lineEvent({ item, index }, facts, settings));
  },
});

function lineEvent(
  { item, index }: { item: LineItem; index: number },
  facts: OrderFacts,
  settings: RuleSettings,
): OrderEventDraft | Skip {
  if (item.id === undefined) return { skip: `lineItems.${index}.id is missing or malformed` };
  const value = lineValue(item, settings);
  if (value === undefined) return { skip: `lineItems.${index}.totalPrice is missing or malformed` };
  return {
    uniqueId: item.id,
    times: placedTimes(facts.order),
    datedAt: orderDate(facts.order),
    value,
    properties: lineProperties(item, facts, settings),
  };
}

/** Returns all properties of the line item. The filter of the settings applies to names of the order only. */
function lineProperties(item: LineItem, facts: OrderFacts, settings: RuleSettings): Record<string, unknown> {
  const { klaviyoNames, raw } = settings.order.properties;
  const klaviyoProperties = klaviyoNames
    ? { OrderId: orderId(facts.order, settings), ...asOrderedProduct(lineOf(item, facts, settings)) }
    : {};
  return {
    ...withoutExcluded(klaviyoProperties, settings),
    ...(raw ? filtered(item, { include: [], exclude: [], map: {} }).properties : {}),
  };
}
