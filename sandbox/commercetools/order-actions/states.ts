/** Update actions that move an order or pieces of its lines to a workflow state that the project defines. */
import type { CustomAction, CustomActions } from '../custom-action.ts';
import { field, isObject, type JsonObject, listField, numberField, textField } from '../json.ts';
import type { Records } from '../records.ts';
import { isMeant, referenceTo } from './identify.ts';

const unknownState = 'The state does not exist.';

export const stateActions: CustomActions = {
  transitionState(order, action, records) {
    const state = referenceTo('state', action.state, records);
    return state === undefined ? unknownState : { ...order, state };
  },
  transitionLineItemState: lineTransition('lineItems', { id: 'lineItemId', key: 'lineItemKey' }),
  transitionCustomLineItemState: lineTransition('customLineItems', {
    id: 'customLineItemId',
    key: 'customLineItemKey',
  }),
};

function lineTransition(list: 'lineItems' | 'customLineItems', names: { id: string; key: string }): CustomAction {
  return (order, action, records) => {
    const meant = { id: action[names.id], key: action[names.key] };
    const moved = transitionOf(action, records);
    if (typeof moved === 'string') return moved;
    const lines = listField(order, list).filter(isObject);
    const line = lines.find((each) => isMeant(each, meant));
    if (line === undefined) return 'The line item was not found on this order.';
    const state = movedPieces(line, moved);
    if (state === undefined) return 'The line item has fewer pieces in this state.';
    return { ...order, [list]: lines.map((each) => (each === line ? { ...line, state } : each)) };
  };
}

interface Transition {
  quantity: number;
  fromState: { typeId: string; id: string };
  toState: { typeId: string; id: string };
}

/** Returns what a transition of a line item moves, or an error message. */
export function transitionOf(action: JsonObject, records: Records): Transition | string {
  const fromState = referenceTo('state', action.fromState, records);
  const toState = referenceTo('state', action.toState, records);
  if (fromState === undefined || toState === undefined) return unknownState;
  return { quantity: numberField(action, 'quantity') ?? 0, fromState, toState };
}

function movedPieces(line: JsonObject, { quantity, fromState, toState }: Transition): unknown[] | undefined {
  const quantities = new Map(
    listField(line, 'state').map((pieces) => [
      textField(field(pieces, 'state'), 'id') ?? '',
      numberField(pieces, 'quantity') ?? 0,
    ]),
  );
  const left = (quantities.get(fromState.id) ?? 0) - quantity;
  if (left < 0) return undefined;
  quantities.set(fromState.id, left);
  quantities.set(toState.id, (quantities.get(toState.id) ?? 0) + quantity);
  return [...quantities].flatMap(([id, count]) =>
    count > 0 ? [{ quantity: count, state: { typeId: 'state', id } }] : [],
  );
}
