/** Properties of shipments: tracking numbers, carrier, URL and estimated delivery. */
import type { Parcel } from '../../commercetools/shipping-schemas.ts';
import { passes } from '../fields/properties.ts';
import type { RuleSettings } from '../settings.ts';
import type { OrderFacts } from './facts.ts';
import type { Pieces } from './line-share.ts';
import { partProperties } from './part-properties.ts';
import type { ShippedDelivery } from './shipped-parts.ts';

export interface Shipment {
  shipped: ShippedDelivery;
  parcels: readonly Parcel[];
  pieces: readonly Pieces[];
}

export const shipmentSettings = ['shipments.trackingUrls', 'shipments.shopifyNames'] as const;

/** Returns the tracking number of a parcel that goes to the customer. */
export function trackingIdOf({ trackingData }: Parcel): string | undefined {
  return trackingData?.isReturn === true ? undefined : trackingData?.trackingId || undefined;
}

export function shipmentProperties(
  facts: OrderFacts,
  { shipped, parcels, pieces }: Shipment,
  settings: RuleSettings,
): Record<string, unknown> {
  const filter = settings.order.properties;
  const own =
    passes('shippingInfo', filter) && passes('shipping', filter)
      ? trackingProperties(facts, { shipped, parcels, pieces }, settings)
      : {};
  const custom = [shipped.delivery.custom, ...parcels.map((parcel) => parcel.custom)];
  const properties = partProperties(facts, { pieces, own, custom }, settings);
  if (!settings.shipments.shopifyNames) return properties;
  const copies = Object.entries(shopifyNames).flatMap(([name, source]) =>
    properties[source] === undefined ? [] : [[name, properties[source]]],
  );
  return { ...Object.fromEntries(copies), ...properties };
}

/** Names of Shopify's events by ours. https://help.klaviyo.com/hc/en-us/articles/115005080447 */
const shopifyNames: Record<string, string> = {
  'Item Count': 'ItemCount',
  Collections: 'Categories',
  'Shipment Status': 'ShipmentStatus',
  'Tracking Company': 'TrackingCompany',
  'Tracking Numbers': 'TrackingNumbers',
  'Estimated Delivery': 'EstimatedDelivery',
};

function trackingProperties({ order }: OrderFacts, { shipped, parcels }: Shipment, settings: RuleSettings) {
  const tracked = parcels.filter((parcel) => trackingIdOf(parcel) !== undefined);
  const [first] = tracked;
  const numbers = tracked.flatMap((parcel) => trackingIdOf(parcel) ?? []);
  const { from, until } = shipped.estimatedDelivery ?? {};
  return {
    ShipmentStatus: order.shipmentState,
    TrackingNumber: numbers[0],
    TrackingNumbers: numbers.length > 0 ? numbers : undefined,
    TrackingCompany: first?.trackingData?.carrier,
    TrackingUrl: first && trackingUrl(first, settings),
    EstimatedDelivery: from ?? until,
    EstimatedDeliveryUntil: until,
  };
}

function trackingUrl(parcel: Parcel, { shipments }: RuleSettings): string | undefined {
  const [trackingId, carrier] = [trackingIdOf(parcel), parcel.trackingData?.carrier?.trim().toLowerCase()];
  if (trackingId === undefined || !carrier) return undefined;
  const templates = Object.entries(shipments.trackingUrls);
  const template = (templates.find(([name]) => name.trim().toLowerCase() === carrier) ??
    templates.find(([name]) => name === '*'))?.[1];
  return template?.replaceAll('{{trackingId}}', () => encodeURIComponent(trackingId.toWellFormed()));
}
