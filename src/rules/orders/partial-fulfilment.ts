/** Fulfilled Partial Order: a delivery left some pieces of the order open. */
import { messageCauseOf, messageTriggers } from '../types.ts';
import type { OrderRule } from './facts.ts';
import { priceOf } from './line-share.ts';
import { messageTime, orderEventRule } from './order-event.ts';
import { partPropertySettings } from './part-properties.ts';
import { deliversAll, shippedDeliveries } from './shipped-parts.ts';
import { shipmentProperties, shipmentSettings } from './tracking.ts';

export const partialFulfilment: OrderRule = orderEventRule({
  name: 'partial-fulfilment',
  summary: 'A delivery was added after which some pieces of the order are still open.',
  metric: 'fulfilledPartialOrder',
  per: 'each such delivery',
  settings: shipmentSettings,
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  triggers: () => messageTriggers('order', ['DeliveryAdded', 'DeliveryItemsUpdated'], 'OrderShipment'),
  events(facts, settings) {
    const { order } = facts;
    const { deliveryId } = messageCauseOf(facts.cause) ?? {};
    const deliveries = shippedDeliveries(order);
    if (deliveries.length === 0) return { skip: 'the order has no deliveries' };
    const meant = deliveries
      .map((shipped, index) => ({ shipped, soFar: deliveries.slice(0, index + 1) }))
      .filter(({ shipped: { delivery } }) => deliveryId === undefined || delivery.id === deliveryId);
    if (meant.length === 0) return { skip: 'the delivery is no longer in the order' };
    return meant.map(({ shipped, soFar }) => {
      const { delivery, pieces } = shipped;
      if (delivery.id === undefined) return { skip: 'the id of a delivery is missing or malformed' };
      if (shipped.isReturn) return { skip: 'the delivery is a return' };
      if (pieces.length === 0) return { skip: 'the delivery has no items' };
      if (deliversAll(soFar, order)) return { skip: 'the delivery completes the order' };
      const outgoing = shipped.parcels.map(({ parcel }) => parcel);
      return {
        uniqueId: `${order.id}:${delivery.id}`,
        times: [delivery.createdAt, messageTime(facts), order.lastModifiedAt],
        value: priceOf(pieces, order),
        properties: shipmentProperties(facts, { shipped, parcels: outgoing, pieces }, settings),
      };
    });
  },
});
