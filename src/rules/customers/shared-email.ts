/** Which of several customers with one e-mail gives the profile its id. At most one of them has no store. */
import type { Customer } from '../../commercetools/schemas.ts';

type Ranked = Pick<Customer, 'id' | 'createdAt' | 'stores'>;

/** @returns the customer whose id the profile has: the same one in every evaluation */
export function idOwner<Shared extends Ranked>(customers: readonly [Shared, ...Shared[]]): Shared {
  return customers.reduce((owner, next) => (comesBefore(next, owner) ? next : owner));
}

/** @param sameEmail customers with the e-mail, which may include the customer itself */
export function givesId(customer: Ranked, sameEmail: readonly Ranked[]): boolean {
  return idOwner([customer, ...sameEmail]).id === customer.id;
}

/** Ranks customers without a store first, then older ones, then lower ids. */
function comesBefore(left: Ranked, right: Ranked): boolean {
  // A customer without a store keeps its own id without a comparison, so it has to win here too.
  const [leftInStore, rightInStore] = [left.stores.length > 0, right.stores.length > 0];
  if (leftInStore !== rightInStore) return rightInStore;
  const [leftMs, rightMs] = [Date.parse(left.createdAt), Date.parse(right.createdAt)];
  return leftMs === rightMs || Number.isNaN(leftMs - rightMs) ? left.id < right.id : leftMs < rightMs;
}
