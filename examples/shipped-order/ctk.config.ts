/** Sends an event for each delivery of an order: a custom rule, triggered by DeliveryAdded and included in order syncs. */
import { defineConfig, defineRule, profileOf, skip } from 'commercetools-klaviyo';

const shippedOrder = defineRule({
  name: 'shipped-order',
  summary: 'A delivery was added to an order.',
  sends: 'event `Shipped Order` for each delivery',
  facts: 'order',
  triggers: ['DeliveryAdded'],
  bulk: 'orders',
  map(facts) {
    const { order } = facts;
    const profile = profileOf(facts);
    if ('skip' in profile) return profile;
    const deliveries = order.shippingInfo?.deliveries ?? [];
    if (deliveries.length === 0) return skip('the order has no deliveries');
    // Sends all deliveries each time. Klaviyo stores one event for each uniqueId, so a repetition changes nothing.
    return deliveries.map((delivery, index) => ({
      type: 'event',
      metric: 'Shipped Order',
      uniqueId: `${order.id}:${delivery.id}`,
      time: delivery.createdAt ?? order.lastModifiedAt,
      profile,
      properties: { OrderId: order.orderNumber ?? order.id, Parcel: index + 1 },
    }));
  },
});

export default defineConfig({ rules: [shippedOrder] });
