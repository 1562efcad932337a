/** States that the project defines, and that an order and its lines enter. https://docs.commercetools.com/api/projects/states */
import { type Order, orderStatesSchema } from '../../commercetools/schemas.ts';
import { type Cause, type EvaluationContext, isCausedBy, messageCauseOf } from '../types.ts';

/** Key by id of the state. */
export type StateKeys = ReadonlyMap<string, string> | 'forbidden';

export interface EnteredState {
  stateId: string;
  /** Id of the line item or custom line item; absent for a state of the order. */
  lineId?: string;
}

/** Returns the state that a message names, else those in which the order and its lines are. */
export function enteredStates(order: Order, cause: Cause): EnteredState[] {
  const message = messageCauseOf(cause);
  const isOfOrder = message === undefined || isCausedBy(cause, 'OrderStateTransition');
  const isOfLine = message === undefined || !isOfOrder;
  if (message?.stateId !== undefined) {
    const { stateId, lineId } = message;
    if (isOfOrder) return [{ stateId }];
    return lineId === undefined ? [] : [{ stateId, lineId }];
  }
  const states = orderStatesSchema.parse(order);
  const ofOrder = states.state === undefined ? [] : [{ stateId: states.state.id }];
  const ofLines = [...states.lineItems, ...states.customLineItems].flatMap(({ id: lineId, state = [] }) =>
    state.flatMap((pieces) =>
      lineId === undefined || pieces.state === undefined ? [] : [{ stateId: pieces.state.id, lineId }],
    ),
  );
  return [...(isOfOrder ? ofOrder : []), ...(isOfLine ? ofLines : [])];
}

/** @throws CommercetoolsError when commercetools can't be read now */
export async function stateKeysOf(
  order: Order,
  { lookups, cause }: Pick<EvaluationContext, 'lookups' | 'cause'>,
): Promise<StateKeys> {
  const ids = [...new Set(enteredStates(order, cause).map(({ stateId }) => stateId))];
  const states = await Promise.all(ids.map((id) => lookups.state(id)));
  const keys = new Map<string, string>();
  for (const state of states) {
    if (state === 'forbidden') return state;
    if (state?.key !== undefined) keys.set(state.id, state.key);
  }
  return keys;
}
