/** When an order counts as placed: Placed Order and Ordered Product ask the same question. */

import type { RuleSettings } from '../settings.ts';
import { messageTriggers, originOf, type Trigger } from '../types.ts';
import { noIdentity, profileOf } from './event.ts';
import type { OrderFacts } from './facts.ts';

export const placedSettings = [
  'order.messages.created',
  'order.states.created.placedOrder',
  'order.profileLocation',
  'order.valueCurrency',
  'order.backfillAfterDays',
] as const;

/** The messages that place an order. */
export function placedTriggers(settings: RuleSettings): Trigger[] {
  return messageTriggers('order', [...new Set(settings.order.messages.created)], 'OrderCreated');
}

/** Why this order is not placed by what happened; nothing if it is. In bulk every order counts. */
export function notPlacedReason(facts: OrderFacts, settings: RuleSettings): string | undefined {
  if (!profileOf(facts)) return noIdentity;
  const { order, embedded } = facts;
  // An order that had to be read may have moved on since it was placed: only the one in the message says how it began.
  if (embedded && !settings.order.states.created.placedOrder.includes(order.orderState)) {
    return `an order that is ${order.orderState} does not count as placed (order.states.created.placedOrder)`;
  }
  return customerChangeReason(facts);
}

/** A second event on another profile would count the revenue twice, so the first one stands. */
function customerChangeReason({ cause }: OrderFacts): string | undefined {
  const origin = originOf(cause);
  if (origin.type !== 'message' || origin.messageType !== 'OrderCustomerSet') return undefined;
  // What the message said is lost: the e-mail alone keeps the event on the profile that may have it.
  if (origin.payloadOmitted) return undefined;
  if (origin.oldCustomerId !== undefined) return 'the order moved from one customer to another';
  return origin.customerId === undefined ? 'the customer was taken from the order' : undefined;
}
