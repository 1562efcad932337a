/**
 * Checks whether parcels get tracking numbers: with `shipments.when: tracking` only those that have one become a Confirmed
 * Shipment.
 */
import type { Order } from '../../commercetools/schemas.ts';
import type { Config } from '../../config/config.ts';
import { shippedDeliveries } from '../../rules/orders/shipped-parts.ts';
import { trackingIdOf } from '../../rules/orders/tracking.ts';
import { type Finding, ok, warning } from './finding.ts';

const what = 'shipments.when';

/** @param orders the recent ones */
export function checkShipments({ rules }: Config, orders: readonly Order[]): Finding[] {
  const { order, shipments } = rules;
  if (order.metrics.confirmedShipment === '' || shipments.when !== 'tracking') return [];
  const deliveries = orders.flatMap(shippedDeliveries);
  if (deliveries.length === 0) return [];
  const parcels = deliveries
    .flatMap((delivery) => delivery.parcels.map(({ parcel }) => parcel))
    .filter(({ trackingData }) => trackingData?.isReturn !== true);
  const tracked = parcels.filter((parcel) => trackingIdOf(parcel) !== undefined);
  const seen = `${deliveries.length} recent deliveries with ${parcels.length} parcels`;
  if (tracked.length > 0) return [ok(what, `tracking: ${seen}, ${tracked.length} with a tracking number`)];
  const other = parcels.length > 0 ? 'parcel' : 'delivery';
  return [
    warning(
      what,
      `it is tracking, and of ${seen} none has a tracking number: no Confirmed Shipment is sent`,
      `set it to ${other}, or have the tracking number written to trackingData of the parcel`,
    ),
  ];
}
