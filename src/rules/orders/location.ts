/** Whether an order's billing address becomes the address of its profile. */
import type { Order } from '../../commercetools/schemas.ts';
import type { Location } from '../../klaviyo/change.ts';
import { locationOf } from '../fields/address.ts';
import { millisecondsOf } from '../fields/time.ts';
import type { RuleSettings } from '../settings.ts';
import { type Cause, originOf } from '../types.ts';
import { orderDate } from './order-date.ts';
import type { OrderProfile } from './order-profile.ts';

const dayMs = 24 * 60 * 60 * 1_000;

/** What is known before the profile is: an order without a chance to locate needs no lookups for it. */
export interface LocatingOrder {
  order: Pick<Order, 'billingAddress' | 'createdAt' | 'completedAt'>;
  cause: Cause;
  at: Date;
}

/** Returns whether the order may locate a profile: in realtime only a recent one, so that history overwrites no address. */
export function mayLocate({ order, cause, at }: LocatingOrder, settings: RuleSettings): boolean {
  if (settings.order.profileLocation === 'never' || !order.billingAddress) return false;
  if (originOf(cause).type === 'run') return true;
  return millisecondsOf(orderDate(order)) >= at.getTime() - settings.order.backfillAfterDays * dayMs;
}

/** @param moment the order is created by the event, or existed before it: for `order.profileLocation: created` */
export function orderLocation(
  facts: LocatingOrder & { profile: OrderProfile; moment: 'created' | 'later' },
  settings: RuleSettings,
): Location | undefined {
  const { order, profile, moment, cause } = facts;
  if (!order.billingAddress || !mayLocate(facts, settings)) return undefined;
  if (settings.order.profileLocation === 'created' && moment === 'later') return undefined;
  // The customer's own address comes first; where customers can't be read, they may have one.
  if (profile.customerHasAddress !== false) return undefined;
  const { existing } = profile;
  const isBulk = originOf(cause).type === 'run';
  if (isBulk && (existing === 'unknown' || existing?.hasAddress)) return undefined;
  return locationOf(order.billingAddress);
}
