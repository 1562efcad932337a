/** The date of an order, from which the time of its events and every decision about its age follow. */
import type { Order } from '../../commercetools/schemas.ts';
import { firstTime, millisecondsOf } from '../fields/time.ts';

/**
 * Returns whether the order was imported with a date of its own. commercetools sets `createdAt` to the moment of the
 * import; `completedAt` is the date that the import gives, "does not influence createdAt".
 * https://docs.commercetools.com/api/projects/orders-import#orderimportdraft
 */
export function hasOwnDate({ completedAt, createdAt }: Pick<Order, 'completedAt' | 'createdAt'>): boolean {
  return completedAt !== undefined && millisecondsOf(completedAt) <= millisecondsOf(createdAt);
}

/** Returns `completedAt` of an order that was imported with a date of its own, else `createdAt`; ISO 8601. */
export function orderDate(order: Pick<Order, 'completedAt' | 'createdAt'>): string {
  return hasOwnDate(order) ? (order.completedAt ?? order.createdAt) : order.createdAt;
}

/** Returns the candidates for the time of Placed Order and Ordered Product: Klaviyo rejects dates before 1991. */
export function placedTimes(order: Pick<Order, 'completedAt' | 'createdAt'>): [string, string] {
  return [orderDate(order), order.createdAt];
}

/**
 * Returns the first candidate that Klaviyo accepts, but no time before the order's Placed Order.
 * @param candidates ISO 8601, best first
 */
export function timeAfterPlaced(
  candidates: readonly (string | undefined)[],
  order: Pick<Order, 'completedAt' | 'createdAt'>,
  at: Date,
): string | undefined {
  const time = firstTime(candidates, at);
  const placed = firstTime(placedTimes(order), at);
  if (time === undefined || placed === undefined) return time;
  return millisecondsOf(time) < millisecondsOf(placed) ? placed : time;
}
