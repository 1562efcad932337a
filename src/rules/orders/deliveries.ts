/** Deliveries of an order, whichever shipping mode it has. https://docs.commercetools.com/api/projects/orders */
import type { Order } from '../../commercetools/schemas.ts';
import type { Delivery } from '../../commercetools/shipping-schemas.ts';

/** Returns all deliveries: those of `shippingInfo` (shipping mode Single), then those of `shipping` (Multiple). */
export function deliveriesOf(order: Order): Delivery[] {
  const shipments = [order.shippingInfo, ...(order.shipping ?? []).map(({ shippingInfo }) => shippingInfo)];
  return shipments.flatMap((shipment) => shipment?.deliveries ?? []);
}

export function lastDeliveredAt(order: Order): string | undefined {
  const times = deliveriesOf(order).map(({ createdAt }) => createdAt);
  const valid = times.filter((time) => time !== undefined && !Number.isNaN(Date.parse(time)));
  return valid.toSorted((left = '', right = '') => Date.parse(right) - Date.parse(left))[0];
}
