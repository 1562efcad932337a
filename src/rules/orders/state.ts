/** Fulfilled and cancelled: an order came into a state that the merchant named for it. */

import type { RuleSettings } from '../settings.ts';
import { changes, messageTriggers, originOf, type RuleOutput, skip, type Trigger } from '../types.ts';
import { messageTime, noIdentity, orderEvent, profileOf } from './event.ts';
import type { OrderFacts } from './facts.ts';
import { orderProperties, propertySettings } from './properties.ts';

export const stateSettings = [
  'order.messages.changed',
  'order.profileLocation',
  'order.valueCurrency',
  'order.backfillAfterDays',
  ...propertySettings,
] as const;

/** The messages that bring an order into another state. */
export function stateTriggers(settings: RuleSettings): Trigger[] {
  return messageTriggers('order', [...new Set(settings.order.messages.changed)], 'OrderStateChanged');
}

/** What a state means to Klaviyo; one that is configured for both cancels. */
function meaningOf(state: string, settings: RuleSettings): 'cancelled' | 'fulfilled' | undefined {
  const { cancelledOrder, fulfilledOrder } = settings.order.states.changed;
  if (cancelledOrder.includes(state)) return 'cancelled';
  return fulfilledOrder.includes(state) ? 'fulfilled' : undefined;
}

/** The state that the message names; the order's own in a run, or when the message could not say it. */
function stateOf({ order, cause }: OrderFacts): string {
  const origin = originOf(cause);
  return (origin.type === 'message' ? origin.orderState : undefined) ?? order.orderState;
}

export interface StateEvent {
  metric: string;
  meaning: 'cancelled' | 'fulfilled';
  /** When it happened, as far as the order itself knows: for runs. */
  times: readonly (string | undefined)[];
  /** Beyond the order's properties. */
  properties: Record<string, unknown>;
}

/** The event of an order that came into a state, if the state means that. */
export function stateEvent(facts: OrderFacts, state: StateEvent, settings: RuleSettings): RuleOutput {
  if (!profileOf(facts)) return skip(noIdentity);
  const now = stateOf(facts);
  if (meaningOf(now, settings) !== state.meaning) {
    return skip(`an order that is ${now} does not count as ${state.meaning} (order.states.changed)`);
  }
  const { order, cause } = facts;
  const event = orderEvent(
    facts,
    {
      metric: state.metric,
      uniqueId: order.id,
      times: [messageTime(cause), ...state.times],
      value: order.totalPrice,
      properties: { ...state.properties, ...orderProperties(facts, settings) },
      moment: 'later',
    },
    settings,
  );
  return 'skip' in event ? skip(event.skip) : changes([event.change], { warnings: event.warnings });
}
