/** Computes the expected events of parts of an order: shipments and returns. Each piece of a line has a price of its own. */
import type { Money, ShopOrder } from './read-shop.ts';

export interface PartEvent {
  readonly metric: 'Confirmed Shipment' | 'Fulfilled Partial Order' | 'Return Requested' | 'Return Received';
  /** Id of the delivery, parcel or return item. */
  readonly partId: string;
  readonly money: Money;
  readonly time: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

interface Piece {
  readonly lineId: string;
  /** In minor units. */
  readonly price: number;
}

const RECEIVED = ['Returned', 'BackInStock', 'Unusable'];

/** Returns Confirmed Shipment of each parcel with a number, and Fulfilled Partial Order while pieces are missing. */
export function shipmentEvents(order: ShopOrder): PartEvent[] {
  const open = allPieces(order);
  const methods = [order.shippingInfo, ...(order.shipping ?? []).map(({ shippingInfo }) => shippingInfo)];
  const deliveries = byAge(methods.flatMap((method) => method?.deliveries ?? []));
  return deliveries.flatMap((delivery): PartEvent[] => {
    const isReturn = delivery.parcels.length > 0 && delivery.parcels.every((parcel) => parcel.trackingData?.isReturn);
    const delivered = isReturn ? [] : takeAll(open, delivery.items);
    const isPartial =
      delivered.length > 0 && open.some(({ lineId }) => order.lineItems.some(({ id }) => id === lineId));
    const partial = eventOf(order, 'Fulfilled Partial Order', { ...delivery, pieces: delivered });
    const outgoing = byAge(delivery.parcels).filter(({ trackingData }) => trackingData?.isReturn !== true);
    const named = outgoing.map((parcel) => ({ ...parcel, pieces: takeAll(delivered, parcel.items ?? []) }));
    const shipped = named.map((parcel) =>
      parcel.pieces.length > 0 ? parcel : { ...parcel, pieces: delivered.splice(0) },
    );
    const tracked = shipped.filter(({ trackingData }) => trackingData?.trackingId);
    return [
      ...(isPartial ? [partial] : []),
      ...tracked.map((parcel) => ({
        ...eventOf(order, 'Confirmed Shipment', parcel),
        properties: {
          ItemCount: parcel.pieces.length,
          TrackingNumber: parcel.trackingData?.trackingId,
          TrackingCompany: parcel.trackingData?.carrier,
        },
      })),
    ];
  });
}

/** Returns Return Requested and Return Received of each return item. */
export function returnEvents(order: ShopOrder): PartEvent[] {
  const left = allPieces(order);
  const items = (order.returnInfo ?? []).flatMap((info) => info.items.map((item) => ({ ...item, info })));
  return byAge(items).flatMap((item): PartEvent[] => {
    const pieces = takeAll(left, [{ id: item.lineItemId ?? item.customLineItemId ?? '', quantity: item.quantity }]);
    const isReceived = RECEIVED.includes(item.shipmentState);
    const isRequested = item.shipmentState === 'Advised' || (isReceived && item.createdAt !== item.lastModifiedAt);
    const { returnDate, returnTrackingId } = item.info;
    const properties = {
      ItemCount: pieces.length,
      ReturnTrackingNumber: returnTrackingId,
      ReturnReason: item.comment,
    };
    const requested = eventOf(order, 'Return Requested', { ...item, pieces, createdAt: returnDate ?? item.createdAt });
    const received = eventOf(order, 'Return Received', { ...item, pieces, createdAt: item.lastModifiedAt });
    return [...(isRequested ? [requested] : []), ...(isReceived ? [received] : [])].map((event) => ({
      ...event,
      properties,
    }));
  });
}

function eventOf(
  { totalPrice: { currencyCode, fractionDigits } }: ShopOrder,
  metric: PartEvent['metric'],
  { id, createdAt, pieces }: { id: string; createdAt: string; pieces: readonly Piece[] },
): PartEvent {
  const centAmount = pieces.reduce((sum, { price }) => sum + price, 0);
  const money = { type: 'centPrecision', currencyCode, fractionDigits, centAmount };
  return { metric, partId: id, money, time: createdAt, properties: { ItemCount: pieces.length } };
}

/** Every piece of every line. The first n pieces cost n shares of the line's price, rounded down. */
function allPieces({ lineItems, customLineItems = [] }: ShopOrder): Piece[] {
  return [...lineItems, ...customLineItems].flatMap(({ id, quantity, totalPrice }) => {
    const upTo = (count: number) => Math.floor((totalPrice.centAmount * count) / quantity);
    return Array.from({ length: quantity }, (_, index) => ({ lineId: id, price: upTo(index + 1) - upTo(index) }));
  });
}

/** Takes the first pieces of each line out of the list. */
function takeAll(from: Piece[], items: readonly { readonly id: string; readonly quantity: number }[]): Piece[] {
  return items.flatMap(({ id, quantity }) => {
    const taken = from.filter(({ lineId }) => lineId === id).slice(0, quantity);
    for (const piece of taken) from.splice(from.indexOf(piece), 1);
    return taken;
  });
}

function byAge<T extends { readonly id: string; readonly createdAt: string }>(parts: readonly T[]): T[] {
  const age = ({ createdAt, id }: T) => `${createdAt} ${id}`;
  return parts.toSorted((left, right) => (age(left) < age(right) ? -1 : 1));
}
