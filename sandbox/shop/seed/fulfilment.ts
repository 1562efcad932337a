/** Generates what became of complete orders: deliveries with parcels, and returns. */
import type { Delivery, LineItem, Order, ShippingInfo } from '@commercetools/platform-sdk';
import { money } from './money.ts';
import { idOf } from './random.ts';

interface CompleteOrder {
  readonly orderNumber: string;
  readonly lineItems: readonly LineItem[];
  /** Time of the first delivery, ISO 8601. */
  readonly at: string;
}

const hourMs = 3_600_000;

/** Returns the shipping method of an order in shipping mode Single, before anything was delivered. */
export function shippingMethod(currency: string): ShippingInfo {
  const price = money(490, currency);
  return {
    shippingMethodName: 'Parcel',
    price,
    shippingRate: { price, tiers: [] },
    deliveries: [],
    shippingMethodState: 'MatchesCart',
  };
}

/**
 * By index, so that the random sequence stays the same: every second order has deliveries, every fourth two of them;
 * every sixth has a return, every twelfth one that arrived.
 */
export function fulfilmentOf(index: number, order: CompleteOrder): Partial<Order> {
  const [first] = order.lineItems;
  if (first === undefined || index % 2 === 1) return {};
  const lists = index % 4 === 0 ? inTwo(order.lineItems) : [order.lineItems.map(piecesOf)];
  const deliveries = lists.map((items, part) => deliveryOf(order, items, part));
  const shippingInfo = { ...shippingMethod(first.totalPrice.currencyCode), deliveries };
  if (index % 6 !== 0) return { shippingInfo, lastModifiedAt: deliveries.at(-1)?.createdAt ?? order.at };
  const returned = returnOf(order, first, index % 12 === 0);
  return { shippingInfo, returnInfo: [returned], lastModifiedAt: returned.items[0].lastModifiedAt };
}

function piecesOf({ id, quantity }: LineItem): { id: string; quantity: number } {
  return { id, quantity };
}

/** One piece of the first line in the first delivery; the second one may be empty. */
function inTwo([first, ...others]: readonly LineItem[]): { id: string; quantity: number }[][] {
  if (first === undefined) return [];
  const rest = first.quantity > 1 ? [{ id: first.id, quantity: first.quantity - 1 }] : [];
  return [[{ id: first.id, quantity: 1 }], [...rest, ...others.map(piecesOf)]];
}

function deliveryOf({ orderNumber, at }: CompleteOrder, items: Delivery['items'], part: number): Delivery {
  const createdAt = new Date(Date.parse(at) + part * hourMs).toISOString();
  const trackingData = { trackingId: `${orderNumber}-${part + 1}`, carrier: 'DHL' };
  const parcel = { id: idOf(`parcel/${orderNumber}/${part}`), createdAt, trackingData, items: part === 0 ? items : [] };
  return { id: idOf(`delivery/${orderNumber}/${part}`), createdAt, items, parcels: [parcel] };
}

function returnOf({ orderNumber, at }: CompleteOrder, { id }: LineItem, isReceived: boolean) {
  const createdAt = new Date(Date.parse(at) + 48 * hourMs).toISOString();
  const item = {
    ...{ id: idOf(`return/${orderNumber}`), type: 'LineItemReturnItem' as const, lineItemId: id, quantity: 1 },
    ...{ comment: 'Too large', shipmentState: isReceived ? ('Returned' as const) : ('Advised' as const) },
    ...{ paymentState: 'Initial' as const, createdAt },
    lastModifiedAt: isReceived ? new Date(Date.parse(createdAt) + 24 * hourMs).toISOString() : createdAt,
  };
  return {
    items: [item] as [typeof item],
    returnTrackingId: `R-${orderNumber}`,
    ...(isReceived ? { returnDate: createdAt } : {}),
  };
}
