/** Deliveries of an order, whichever shipping mode it has. https://docs.commercetools.com/api/projects/orders */
import type { Order } from '../../commercetools/schemas.ts';
import type { Delivery } from '../../commercetools/shipping-schemas.ts';

/** Returns all deliveries: those of `shippingInfo` (shipping mode Single), then those of `shipping` (Multiple). */
export function deliveriesOf(order: Order): Delivery[] {
  const shipments = [order.shippingInfo, ...(order.shipping ?? []).map(({ shippingInfo }) => shippingInfo)];
  return shipments.flatMap((shipment) => shipment?.deliveries ?? []);
}

/** Returns whether a delivery carries goods back: each of its parcels is a return. */
export function isReturn({ parcels = [] }: Delivery): boolean {
  return parcels.length > 0 && parcels.every(({ trackingData }) => trackingData?.isReturn === true);
}

export function lastDeliveredAt(order: Order): string | undefined {
  const outgoing = deliveriesOf(order).filter((delivery) => !isReturn(delivery));
  const times = outgoing.map(({ createdAt }) => createdAt);
  const valid = times.filter((time) => time !== undefined && !Number.isNaN(Date.parse(time)));
  return valid.toSorted((left = '', right = '') => Date.parse(right) - Date.parse(left))[0];
}
