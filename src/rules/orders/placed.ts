/** Conditions under which an order counts as placed, shared by Placed Order and Ordered Product. */
import { present } from '../fields/text.ts';
import type { RuleSettings } from '../settings.ts';
import { isCausedBy, messageCauseOf, messageTriggers, type Trigger } from '../types.ts';
import type { OrderFacts } from './facts.ts';

export const placedSettings = ['order.messages.created', 'order.states.created.placedOrder'] as const;

export function placedTriggers(settings: RuleSettings): Trigger[] {
  const { created } = settings.order.messages;
  // An order without e-mail and customer is placed once it gets its e-mail.
  const types = created.length === 0 ? [] : [...created, 'OrderCustomerEmailSet' as const];
  return messageTriggers('order', types, 'OrderCreated');
}

/** Returns the reason why the order is not placed by the cause, or undefined if it is. In bulk every order counts. */
export function notPlacedReason(facts: OrderFacts, settings: RuleSettings): string | undefined {
  const { order, embedded } = facts;
  // An order that had to be read may have changed its state. Only an embedded order has the state that it was placed in.
  if (embedded && !settings.order.states.created.placedOrder.includes(order.orderState)) {
    return `an order that is ${order.orderState} does not count as placed (order.states.created.placedOrder)`;
  }
  return customerChangeReason(facts) ?? emailChangeReason(facts);
}

/** An order that had an e-mail or a customer has its events already; Klaviyo can't change them. */
function emailChangeReason({ order, cause }: OrderFacts): string | undefined {
  const message = messageCauseOf(cause);
  if (!message || !isCausedBy(cause, 'OrderCustomerEmailSet')) return undefined;
  if (present(order.customerId) !== undefined)
    return 'the order belongs to a customer: later events have its OrderEmail';
  if (message.hadEmail === undefined) return 'the message does not say whether the order had an e-mail before';
  return message.hadEmail ? 'the first event of the order stands' : undefined;
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
