/** When an order counts as placed: Placed Order and Ordered Product ask the same question. */

import type { RuleSettings } from '../settings.ts';
import { messages, originOf, type Wake } from '../types.ts';
import { profileOf, unidentified } from './event.ts';
import type { OrderFacts } from './facts.ts';

export const placingSettings = [
  'order.messages.created',
  'order.states.created.placedOrder',
  'order.profileLocation',
  'order.valueCurrency',
  'order.backfillAfterDays',
] as const;

/** The messages that place an order. */
export function placingWakes(settings: RuleSettings): Wake[] {
  return messages('order', [...new Set(settings.order.messages.created)], 'OrderCreated');
}

/** Why this order is not placed by what happened; nothing if it is. In bulk every order counts. */
export function notPlaced(facts: OrderFacts, settings: RuleSettings): string | undefined {
  if (!profileOf(facts)) return unidentified;
  const { order, carried } = facts;
  // An order that had to be read may have moved on since it was placed: only the one in the message says how it began.
  if (carried && !settings.order.states.created.placedOrder.includes(order.orderState)) {
    return `an order that is ${order.orderState} does not count as placed (order.states.created.placedOrder)`;
  }
  return movedBetweenCustomers(facts);
}

/** A second event on another profile would count the revenue twice, so the first one stands. */
function movedBetweenCustomers({ cause }: OrderFacts): string | undefined {
  const origin = originOf(cause);
  if (origin.kind !== 'message' || origin.type !== 'OrderCustomerSet') return undefined;
  // What the message said is lost: the e-mail alone keeps the event on the profile that may have it.
  if (origin.withoutPayload) return undefined;
  if (origin.oldCustomerId !== undefined) return 'the order moved from one customer to another';
  return origin.customerId === undefined ? 'the customer was taken from the order' : undefined;
}
