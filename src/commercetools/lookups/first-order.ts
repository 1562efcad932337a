/** The order of a payment that its refunds belong to. */
import type { PaidOrder } from '../schemas.ts';

/** Returns the order with the earliest `createdAt`, then the lowest id, or undefined of an empty list. */
export function firstOrder(orders: readonly PaidOrder[]): PaidOrder | undefined {
  return orders.reduce<PaidOrder | undefined>(
    (first, next) => (first && !comesBefore(next, first) ? first : next),
    undefined,
  );
}

function comesBefore(left: PaidOrder, right: PaidOrder): boolean {
  const difference = Date.parse(left.createdAt) - Date.parse(right.createdAt);
  return difference === 0 || Number.isNaN(difference) ? left.id < right.id : difference < 0;
}
