/** The order of a payment that its refunds belong to. */
import type { PaidOrder } from '../../commercetools/schemas.ts';

type Dated = Pick<PaidOrder, 'id' | 'createdAt'>;

/** Returns the order with the earliest `createdAt`, then the lowest id, or undefined of an empty list. */
export function firstOrder(orders: readonly Dated[]): Dated | undefined {
  return orders.reduce<Dated | undefined>(
    (first, next) => (first && !comesBefore(next, first) ? first : next),
    undefined,
  );
}

function comesBefore(left: Dated, right: Dated): boolean {
  const difference = Date.parse(left.createdAt) - Date.parse(right.createdAt);
  return difference === 0 || Number.isNaN(difference) ? left.id < right.id : difference < 0;
}
