/** Deliveries and parcels of an order with the pieces that are in them, in a sequence that never changes. */
import type { Order } from '../../commercetools/schemas.ts';
import type { Delivery, DeliveryItem, Parcel } from '../../commercetools/shipping-schemas.ts';
import { millisecondsOf } from '../fields/time.ts';
import { isReturn } from './deliveries.ts';
import { consecutivePieces, type Pieces } from './line-share.ts';

export interface ShippedParcel {
  parcel: Parcel;
  /** Pieces that the value of the parcel counts. */
  counted: Pieces[];
  /** Pieces to show: of a parcel that does not say its items those of the delivery that no other parcel names. */
  shown: Pieces[];
}

export interface ShippedDelivery {
  delivery: Delivery;
  estimatedDelivery: { from?: string | undefined; until?: string | undefined } | undefined;
  /** Empty for a return. */
  pieces: Pieces[];
  parcels: ShippedParcel[];
  isReturn: boolean;
}

interface Dated {
  id?: string | undefined;
  createdAt?: string | undefined;
}

/** Sorts by time, then by id, so that repeated messages number the pieces of a line alike. */
export function byAge(left: Dated, right: Dated): number {
  const [first, second] = [left, right].map(({ createdAt = '' }) => millisecondsOf(createdAt) || 0);
  if (first !== second) return (first ?? 0) - (second ?? 0);
  return (left.id ?? '') < (right.id ?? '') ? -1 : 1;
}

/** Returns the deliveries of shipping mode Single and Multiple, oldest first. */
export function shippedDeliveries(order: Order): ShippedDelivery[] {
  const infos = [order.shippingInfo, ...(order.shipping ?? []).map(({ shippingInfo }) => shippingInfo)];
  const found = infos
    .flatMap((info) =>
      (info?.deliveries ?? []).map((delivery) => ({ delivery, estimatedDelivery: info?.estimatedDelivery })),
    )
    .toSorted((left, right) => byAge(left.delivery, right.delivery));
  const pieces = consecutivePieces(found.map(({ delivery }) => (isReturn(delivery) ? [] : itemsOf(delivery))));
  return found.map((entry, index) => {
    const own = pieces[index] ?? [];
    const { delivery } = entry;
    return { ...entry, pieces: own, parcels: parcelsOf(delivery, own), isReturn: isReturn(delivery) };
  });
}

function itemsOf({ items = [] }: { items?: DeliveryItem[] | undefined }) {
  return items.map(({ id, quantity }) => ({ lineId: id, quantity }));
}

/** A parcel that carries a return has none of the delivery's pieces. */
function parcelsOf(delivery: Delivery, pieces: readonly Pieces[]): ShippedParcel[] {
  const parcels = (delivery.parcels ?? []).toSorted(byAge);
  const outgoing = parcels.filter(({ trackingData }) => trackingData?.isReturn !== true);
  const named = outgoing.filter(({ items = [] }) => items.length > 0);
  const remaining = new Map<string, { next: number; left: number }>();
  for (const { lineId, quantity, before } of pieces) {
    const known = remaining.get(lineId);
    remaining.set(lineId, { next: known?.next ?? before, left: (known?.left ?? 0) + quantity });
  }
  const taken = new Map(named.map((parcel) => [parcel, takeItems(itemsOf(parcel), remaining)]));
  const rest = [...remaining].flatMap(([lineId, { next, left }]) =>
    left > 0 ? [{ lineId, quantity: left, before: next }] : [],
  );
  const first = outgoing.find((parcel) => !taken.has(parcel));
  return parcels.map((parcel) => {
    const own = taken.get(parcel);
    if (own !== undefined) return { parcel, counted: own, shown: own };
    return { parcel, counted: parcel === first ? rest : [], shown: rest };
  });
}

function takeItems(
  items: ReturnType<typeof itemsOf>,
  remaining: Map<string, { next: number; left: number }>,
): Pieces[] {
  return items.flatMap(({ lineId, quantity = 0 }) => {
    const entry = lineId === undefined ? undefined : remaining.get(lineId);
    if (lineId === undefined || entry === undefined || !Number.isSafeInteger(quantity) || quantity <= 0) return [];
    const count = Math.min(quantity, entry.left);
    if (count === 0) return [];
    const before = entry.next;
    entry.next += count;
    entry.left -= count;
    return [{ lineId, quantity: count, before }];
  });
}

/** Returns the line items that need a delivery: custom line items, such as a fee, only if there is nothing else. */
function linesToDeliver({ lineItems, customLineItems }: Order) {
  return lineItems.length > 0 ? lineItems : customLineItems;
}

/** Returns whether these deliveries contain all pieces of the order. */
export function deliversAll(deliveries: readonly ShippedDelivery[], order: Order): boolean {
  const delivered = new Map<string, number>();
  for (const { lineId, quantity } of deliveries.flatMap(({ pieces }) => pieces))
    delivered.set(lineId, (delivered.get(lineId) ?? 0) + quantity);
  const lines = linesToDeliver(order);
  return lines.length > 0 && lines.every(({ id = '', quantity = 0 }) => (delivered.get(id) ?? 0) >= quantity);
}
