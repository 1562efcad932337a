/** Events of workflow states that the project defines: an order or a line item entered a state that `order.workflow` names. */
import type { RuleSettings, WorkflowEvent } from '../settings.ts';
import { type Cause, isCausedBy, messageCauseOf, messageTriggers, originOf, type Skip } from '../types.ts';
import type { OrderFacts, OrderRule } from './facts.ts';
import { linesById, priceOf } from './line-share.ts';
import { timeAfterPlaced } from './order-date.ts';
import { type MetricEventDraft, messageTime, orderMetricsRule } from './order-event.ts';
import { orderValue } from './order-value.ts';
import { allPieces, partProperties, partPropertySettings } from './part-properties.ts';
import { type EnteredState, enteredStates } from './workflow-states.ts';

type Level = WorkflowEvent['of'];

const forbidden = 'without view_states the keys of states are not known (order.workflow)';

export const workflow: OrderRule = orderMetricsRule({
  name: 'workflow',
  summary: 'An order or a line item entered a state of your own workflow; off unless `order.workflow` names states.',
  sends: 'events that `order.workflow` names',
  settings: ['order.workflow', 'order.value'],
  needs: ['stateKeys'],
  ownPropertySettings: partPropertySettings,
  moment: 'later',
  offBy: ({ order }) => (Object.keys(order.workflow).length === 0 ? 'order.workflow is empty' : undefined),
  triggers({ order }) {
    const entries = Object.values(order.workflow);
    // The rule is off without entries: then this is what the docs show.
    const isNamed = (level: Level) => entries.length === 0 || entries.some(({ of }) => of === level);
    const ofOrder = isNamed('order') ? (['OrderStateTransition'] as const) : [];
    const ofLines = isNamed('lineItem') ? (['LineItemStateTransition', 'CustomLineItemStateTransition'] as const) : [];
    return messageTriggers('order', [...ofOrder, ...ofLines], 'OrderWorkflow');
  },
  async reasonToSkip({ cause, lookups, settings }) {
    const id = messageCauseOf(cause)?.stateId;
    if (id === undefined) return undefined;
    const state = await lookups.state(id);
    if (state === 'forbidden') return forbidden;
    const named = namedEvent(state?.key, isCausedBy(cause, 'OrderStateTransition') ? 'order' : 'lineItem', settings);
    return 'skip' in named ? named.skip : undefined;
  },
  events(facts, settings) {
    const { order, cause, stateKeys } = facts;
    if (stateKeys === 'forbidden') return { skip: forbidden };
    const entered = enteredStates(order, cause);
    if (entered.length === 0) return { skip: 'neither the order nor a line is in a state of a workflow' };
    return entered.map((state) => eventOf(state, stateKeys.get(state.stateId), { facts, settings }));
  },
});

interface NamedEvent extends WorkflowEvent {
  key: string;
}

function namedEvent(key: string | undefined, level: Level, { order }: RuleSettings): NamedEvent | Skip {
  if (key === undefined) return { skip: 'the state no longer exists' };
  const [, event] = Object.entries(order.workflow).find(([name]) => name === key) ?? [];
  if (event === undefined) return { skip: `no event for the state ${key} (order.workflow)` };
  if (event.of !== level) return { skip: `the state ${key} has an event for ${event.of} only (order.workflow)` };
  return { ...event, key };
}

function eventOf(
  { lineId }: EnteredState,
  stateKey: string | undefined,
  { facts, settings }: { facts: OrderFacts; settings: RuleSettings },
): MetricEventDraft | Skip {
  const { order, cause, at } = facts;
  const event = namedEvent(stateKey, lineId === undefined ? 'order' : 'lineItem', settings);
  if ('skip' in event) return event;
  const message = messageCauseOf(cause);
  const repetition = event.repeat ? repetitionOf(cause, lineId) : '';
  if (typeof repetition !== 'string') return repetition;
  const line = lineId === undefined ? undefined : linesById(order).get(lineId);
  if (lineId !== undefined && line === undefined) return { skip: 'the line item is no longer in the order' };
  const pieces = lineId === undefined ? allPieces(facts) : [{ lineId, quantity: line?.quantity ?? 0, before: 0 }];
  const times = [message?.transitionDate, messageTime(facts), order.lastModifiedAt];
  return {
    metric: event.metric,
    uniqueId: `${lineId ?? order.id}:${event.key}${repetition}`,
    times: [timeAfterPlaced(times, order, at)],
    value: lineId === undefined ? orderValue(order, settings) : priceOf(pieces, order),
    properties: partProperties(facts, { pieces, own: { StateKey: event.key } }, settings),
  };
}

/** Only a message distinguishes one transition into a state from the next. */
function repetitionOf(cause: Cause, lineId: string | undefined): string | Skip {
  const origin = originOf(cause);
  if (origin.type !== 'message') return { skip: 'an event that repeats is sent in realtime only (order.workflow)' };
  if (lineId !== undefined && origin.lineId === undefined)
    return { skip: 'the message does not say which line changed' };
  return `:${origin.messageId}`;
}
