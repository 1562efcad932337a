/** Sends an event for each estimated delivery of an order: a custom rule on a message that no built-in rule uses. */
import { defineConfig, defineRule, profileOf, skip } from 'commercetools-klaviyo';

const estimatedDelivery = defineRule({
  name: 'estimated-delivery',
  summary: 'An order got an estimated delivery, or another one.',
  sends: 'event `Estimated Delivery Set` for each date',
  facts: 'order',
  triggers: ['OrderEstimatedDeliverySet'],
  bulk: 'orders',
  map(facts) {
    const { order } = facts;
    const profile = profileOf(facts);
    if ('skip' in profile) return profile;
    // In shipping mode Multiple each shipping method has an estimate of its own.
    const methods = [order.shippingInfo, ...(order.shipping ?? []).map(({ shippingInfo }) => shippingInfo)];
    const estimates = methods.flatMap((method) => (method?.estimatedDelivery ? [method.estimatedDelivery] : []));
    if (estimates.length === 0) return skip('the order has no estimated delivery');
    // Klaviyo stores one event for each uniqueId, so a date that was sent before changes nothing.
    return estimates.map(({ from, until }) => ({
      type: 'event',
      metric: 'Estimated Delivery Set',
      uniqueId: `${order.id}:${from ?? ''}..${until ?? ''}`,
      time: order.lastModifiedAt,
      profile,
      properties: {
        OrderId: order.orderNumber ?? order.id,
        EstimatedDelivery: from ?? until,
        EstimatedDeliveryUntil: until,
      },
    }));
  },
});

export default defineConfig({ rules: [estimatedDelivery] });
