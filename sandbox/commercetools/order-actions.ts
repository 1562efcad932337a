/** Update actions of an order's parcels and return items that the engine lacks. */
import { type ApiRecord, isObject, type JsonObject, listField } from './json.ts';

type FullOrder = ApiRecord & JsonObject;

/** Returns the order with the parcel's tracking data set, or removed if the action has none; else an error message. */
export function setParcelTrackingData(order: FullOrder, action: JsonObject): FullOrder | string {
  const { parcelId, parcelKey, trackingData } = action;
  const isMeant = (parcel: JsonObject) =>
    parcelId === undefined ? parcelKey !== undefined && parcel.key === parcelKey : parcel.id === parcelId;
  const shippingInfo = isObject(order.shippingInfo) ? order.shippingInfo : {};
  const deliveries = listField(shippingInfo, 'deliveries').filter(isObject);
  const parcelsOf = (delivery: JsonObject) => listField(delivery, 'parcels').filter(isObject);
  if (!deliveries.flatMap(parcelsOf).some(isMeant)) return 'The parcel was not found on this order.';
  const changed = deliveries.map((delivery) => ({
    ...delivery,
    parcels: parcelsOf(delivery).map((parcel) => (isMeant(parcel) ? { ...parcel, trackingData } : parcel)),
  }));
  return { ...order, shippingInfo: { ...shippingInfo, deliveries: changed } };
}
