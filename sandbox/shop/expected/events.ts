/** Computes the expected events of orders, from their current state (bulk) and from the journal (live). */
import type { JournalEntry } from '../actors/journal.ts';
import { toMajorUnits } from './format.ts';
import { type PartEvent, returnEvents, shipmentEvents } from './parts.ts';
import type { Money, Shop, ShopOrder } from './read-shop.ts';

type Metric =
  | 'Placed Order'
  | 'Ordered Product'
  | 'Fulfilled Order'
  | 'Cancelled Order'
  | 'Refunded Order'
  | 'Delivered Shipment'
  | 'Added to Cart'
  | 'Started Checkout'
  | PartEvent['metric'];

/** An expected event. `value` is in major units of `currency`. */
export interface ExpectedEvent {
  readonly metric: Metric;
  readonly uniqueId: string;
  readonly value: number;
  readonly currency: string;
  readonly email: string | undefined;
  readonly customerId: string | undefined;
  /** The order's own e-mail. An order that a customer claimed stays on the guest's profile. */
  readonly orderEmail: string | undefined;
  /** Undefined for live events, whose time is that of the message. */
  readonly time: string | undefined;
  /** Properties of an event about a part of the order. Undefined ones are not compared. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

const FULFILLED = ['Confirmed', 'Complete'];

/** Events of parts by the action that leads to them. Without a time of their own they have that of the message. */
const livePart: Readonly<Record<string, { metric: PartEvent['metric']; hasOwnTime: boolean }>> = {
  pack: { metric: 'Fulfilled Partial Order', hasOwnTime: true },
  track: { metric: 'Confirmed Shipment', hasOwnTime: false },
  requestReturn: { metric: 'Return Requested', hasOwnTime: true },
  receiveReturn: { metric: 'Return Received', hasOwnTime: false },
};

/** Returns the events of a full bulk sync of the orders in their current state. */
export function bulkEvents(shop: Shop): ExpectedEvent[] {
  return shop.orders
    .filter(hasBuyer)
    .flatMap((order) => [
      ...placedEvents(order, orderDate(order)),
      ...(FULFILLED.includes(order.orderState) ? [stateEvent(order, 'Fulfilled Order', fulfilledAt(order))] : []),
      ...(order.orderState === 'Cancelled' ? [stateEvent(order, 'Cancelled Order', cancelledAt(order))] : []),
      ...(order.shipmentState === 'Delivered' ? [deliveredEvent(order)] : []),
      ...refundEvents(shop, order),
      ...partEvents(order),
    ]);
}

/** Returns the events of the journal. They remain after later changes to the order. */
export function liveEvents(shop: Shop, journal: readonly JournalEntry[]): ExpectedEvent[] {
  const orders = new Map(shop.orders.map((order) => [order.id, order]));
  return journal.flatMap(({ action, ids }) => {
    const order = orders.get(ids.order ?? '');
    if (order === undefined || !hasBuyer(order)) return [];
    if (action === 'buy' || action === 'claim') return placedEvents(order, orderDate(order));
    if (action === 'orderConfirmed' || action === 'orderComplete')
      return [stateEvent(order, 'Fulfilled Order', undefined)];
    if (action === 'orderCancelled') return [stateEvent(order, 'Cancelled Order', undefined)];
    if (action === 'arrive') return [{ ...deliveredEvent(order), time: undefined }];
    const live = livePart[action];
    if (live !== undefined) {
      const parts = partEvents(order).filter(({ metric }) => metric === live.metric);
      return live.hasOwnTime ? parts : parts.map((part) => ({ ...part, time: undefined }));
    }
    return refundEvents(shop, order);
  });
}

/** Deduplicates events by metric and unique_id, like Klaviyo. The first list wins. */
export function mergeEvents(...lists: readonly (readonly ExpectedEvent[])[]): Map<string, ExpectedEvent> {
  const found = new Map<string, ExpectedEvent>();
  for (const event of lists.flat()) if (!found.has(eventKey(event))) found.set(eventKey(event), event);
  return found;
}

/** Returns the key that identifies duplicates of an event. */
export function eventKey({ metric, uniqueId }: { readonly metric: string; readonly uniqueId: string | null }): string {
  return `${metric} ${uniqueId}`;
}

function hasBuyer({ customerEmail, customerId }: ShopOrder): boolean {
  return Boolean(customerEmail) || Boolean(customerId);
}

function placedEvents(order: ShopOrder, time: string): ExpectedEvent[] {
  const lines = order.lineItems.map(({ id, totalPrice }) =>
    event(order, { metric: 'Ordered Product', uniqueId: id, money: totalPrice, time }),
  );
  return [event(order, { metric: 'Placed Order', uniqueId: order.id, money: order.totalPrice, time }), ...lines];
}

function stateEvent(order: ShopOrder, metric: Metric, time: string | undefined): ExpectedEvent {
  return event(order, { metric, uniqueId: order.id, money: order.totalPrice, time });
}

function deliveredEvent(order: ShopOrder): ExpectedEvent {
  const time = afterOrder(order.lastModifiedAt, order);
  return event(order, {
    metric: 'Delivered Shipment',
    uniqueId: `${order.id}:delivered`,
    money: order.totalPrice,
    time,
  });
}

function partEvents(order: ShopOrder): ExpectedEvent[] {
  return [...shipmentEvents(order), ...returnEvents(order)].map(({ metric, partId, money, time, properties }) => ({
    ...event(order, { metric, uniqueId: `${order.id}:${partId}`, money, time }),
    properties,
  }));
}

/**
 * The first refund of the first payment uses the order id as unique_id, whatever its state; all other refunds use their
 * own.
 */
function refundEvents(shop: Shop, order: ShopOrder): ExpectedEvent[] {
  const ids = [...new Set((order.paymentInfo?.payments ?? []).map(({ id }) => id))];
  const payments = ids.map((id) => shop.payments.get(id));
  const first = payments[0]?.transactions.find(({ type }) => type === 'Refund');
  return payments.flatMap((payment) => {
    if (payment === undefined || firstOrderWith(shop, payment.id) !== order.id) return [];
    const paidAt = payment.lastModifiedAt;
    return payment.transactions
      .filter(({ type, state, amount }) => type === 'Refund' && state === 'Success' && amount.centAmount !== 0)
      .map(({ id, amount, timestamp }) => {
        const uniqueId = id === first?.id ? order.id : `${order.id}:${id}`;
        const refund = event(order, { metric: 'Refunded Order', uniqueId, money: amount, time: timestamp ?? paidAt });
        return { ...refund, value: Math.abs(refund.value) };
      });
  });
}

/** A payment of several orders is refunded once, on the order that was created first. */
function firstOrderWith(shop: Shop, paymentId: string): string | undefined {
  const orders = shop.orders.filter(({ paymentInfo }) => paymentInfo?.payments.some(({ id }) => id === paymentId));
  const age = ({ createdAt, id }: ShopOrder) => `${createdAt} ${id}`;
  return orders.sort((left, right) => (age(left) < age(right) ? -1 : 1))[0]?.id;
}

function event(
  { customerEmail, customerId, orderEmail }: ShopOrder,
  { metric, uniqueId, money, time }: { metric: Metric; uniqueId: string; money: Money; time: string | undefined },
): ExpectedEvent {
  const [email, currency] = [customerEmail || undefined, money.currencyCode];
  const buyer = { email, customerId: customerId || undefined, orderEmail };
  return { metric, uniqueId, value: toMajorUnits(money), currency, ...buyer, time };
}

/** Imported orders have a date of their own. */
function orderDate({ completedAt, createdAt }: ShopOrder): string {
  return completedAt !== undefined && Date.parse(completedAt) <= Date.parse(createdAt) ? completedAt : createdAt;
}

/** Returns the time, but none before the order itself. */
function afterOrder(time: string, order: ShopOrder): string {
  const placedAt = orderDate(order);
  return Date.parse(time) < Date.parse(placedAt) ? placedAt : time;
}

function fulfilledAt(order: ShopOrder): string {
  const { completedAt, shippingInfo, shipping, lastModifiedAt } = order;
  const parcels = [shippingInfo, ...(shipping ?? []).map((entry) => entry.shippingInfo)];
  const delivered = parcels.flatMap((entry) => entry?.deliveries ?? []).map(({ createdAt }) => createdAt);
  return afterOrder(completedAt ?? delivered.sort().at(-1) ?? lastModifiedAt, order);
}

function cancelledAt(order: ShopOrder): string {
  return afterOrder(order.completedAt ?? order.lastModifiedAt, order);
}
