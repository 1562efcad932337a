/** Conditions under which an order counts as placed, shared by Placed Order and Ordered Product. */
import type { RuleSettings } from '../settings.ts';
import { isCausedBy, messageCauseOf, messageTriggers, type Trigger } from '../types.ts';
import type { OrderFacts } from './facts.ts';

export const placedSettings = ['order.messages.created', 'order.states.created.placedOrder'] as const;

export function placedTriggers(settings: RuleSettings): Trigger[] {
  return messageTriggers('order', settings.order.messages.created, 'OrderCreated');
}

/** Returns the reason why the order is not placed by the cause, or undefined if it is. In bulk every order counts. */
export function notPlacedReason(facts: OrderFacts, settings: RuleSettings): string | undefined {
  const { order, embedded } = facts;
  // An order that had to be read may have changed its state. Only an embedded order has the state that it was placed in.
  if (embedded && !settings.order.states.created.placedOrder.includes(order.orderState)) {
    return `an order that is ${order.orderState} does not count as placed (order.states.created.placedOrder)`;
  }
  return customerChangeReason(facts);
}

/** A second event on another profile would count the revenue twice, so the first one stays. */
function customerChangeReason({ cause }: OrderFacts): string | undefined {
  const message = messageCauseOf(cause);
  if (!message || !isCausedBy(cause, 'OrderCustomerSet')) return undefined;
  // Without the payload both customers are unknown. The e-mail alone keeps the event on the profile that may have it.
  if (message.payloadOmitted) return undefined;
  if (message.oldCustomerId !== undefined) return 'the order moved from one customer to another';
  return message.customerId === undefined ? 'the customer was taken from the order' : undefined;
}
