/** An event for each parcel that leaves: a rule of its own, awake on DeliveryAdded and replayed by the orders sync. */
import { defineConfig, defineRule, profileOf, skip } from 'commercetools-klaviyo';

const shippedOrder = defineRule({
  name: 'shipped-order',
  summary: 'A parcel of an order was handed over.',
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
    // All of them each time: Klaviyo keeps one event for each uniqueId, so a repeat changes nothing.
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
