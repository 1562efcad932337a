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
  const state = stateOf(facts);
  if (meaningOf(state, settings) !== event.meaning) return notCounted(state, event.meaning, 'order.states.changed');
  return [wholeOrderEvent(facts, event, settings)];
}

/** @param setting that names the states which count */
export function notCounted(state: string, meaning: string, setting: string): Skip {
  return { skip: `an order that is ${state} does not count as ${meaning} (${setting})` };
}

/** Returns an event about the whole order, at the time of the message or the best one of the order's, and after it was placed. */
export function wholeOrderEvent(
  facts: OrderFacts,
  { times, properties = {} }: Pick<StateEvent, 'times' | 'properties'>,
  settings: RuleSettings,
): OrderEventDraft {
  const { order, at } = facts;
  const time = timeAfterPlaced([messageTime(facts), ...times], order, at);
  return { uniqueId: order.id, times: [time], value: orderValue(order, settings), properties };
}
