/** Events for an order that changed its state: the settings say which states fulfil and which cancel an order. */
import type { RuleSettings } from '../settings.ts';
import { messageCauseOf, messageTriggers, type Skip, type Trigger } from '../types.ts';
import type { OrderFacts } from './facts.ts';
import { timeAfterPlaced } from './order-date.ts';
import { messageTime, type OrderEventDraft } from './order-event.ts';
import { orderValue } from './order-value.ts';

export function stateTriggers(settings: RuleSettings): Trigger[] {
  return messageTriggers('order', settings.order.messages.changed, 'OrderStateChanged');
}

/** Returns the meaning of a state. A state that is configured for both cancels. */
function meaningOf(state: string, settings: RuleSettings): 'cancelled' | 'fulfilled' | undefined {
  const { cancelledOrder, fulfilledOrder } = settings.order.states.changed;
  if (cancelledOrder.includes(state)) return 'cancelled';
  return fulfilledOrder.includes(state) ? 'fulfilled' : undefined;
}

/** Returns the state that the message names. In a run, or when the payload was omitted, it is the state of the order. */
function stateOf({ order, cause }: OrderFacts): string {
  return messageCauseOf(cause)?.orderState ?? order.orderState;
}

export interface StateEvent {
  meaning: 'cancelled' | 'fulfilled';
  /** Times that the order itself contains, for runs; ISO 8601, best first. */
  times: readonly (string | undefined)[];
  properties?: Record<string, unknown>;
}

export function stateEvent(facts: OrderFacts, event: StateEvent, settings: RuleSettings): [OrderEventDraft] | Skip {
  const { order } = facts;
  const state = stateOf(facts);
  if (meaningOf(state, settings) !== event.meaning) {
    return { skip: `an order that is ${state} does not count as ${event.meaning} (order.states.changed)` };
  }
  const { properties = {} } = event;
  const time = timeAfterPlaced([messageTime(facts), ...event.times], order, facts.at);
  return [{ uniqueId: order.id, times: [time], value: orderValue(order, settings), properties }];
}
