/** Messages of transitions between workflow states that the project defines. */
import type { Change } from '../changes.ts';
import { field, isObject, type JsonObject, listField } from '../json.ts';
import { isMeant } from '../order-actions/identify.ts';
import { transitionOf } from '../order-actions/states.ts';
import type { MessageBody } from '../payloads.ts';
import type { Records } from '../records.ts';
import { whenChanged } from './compare.ts';

/** Returns the message of the order's own transition, and one for each transition of pieces of a line. */
export function transitionMessages({ before, after, actions = [] }: Change, records: Records): MessageBody[] {
  const force = actions.some((action) => action.action === 'transitionState' && action.force === true);
  return [
    ...whenChanged(before, after, 'state', (state, oldState) => ({
      type: 'OrderStateTransition',
      ...{ state, oldState, force },
    })),
    ...actions.flatMap((action) => lineMessages(action, after, records)),
  ];
}

function lineMessages(action: JsonObject, order: unknown, records: Records): MessageBody[] {
  const isCustom = action.action === 'transitionCustomLineItemState';
  if (!isCustom && action.action !== 'transitionLineItemState') return [];
  const [list, id, key] = isCustom
    ? (['customLineItems', 'customLineItemId', 'customLineItemKey'] as const)
    : (['lineItems', 'lineItemId', 'lineItemKey'] as const);
  const line = listField(order, list)
    .filter(isObject)
    .find((each) => isMeant(each, { id: action[id], key: action[key] }));
  const transition = transitionOf(action, records);
  if (line === undefined || typeof transition === 'string') return [];
  const transitionDate = action.actualTransitionDate ?? field(order, 'lastModifiedAt');
  const type = isCustom ? 'CustomLineItemStateTransition' : 'LineItemStateTransition';
  return [{ type, [id]: line.id, [key]: line.key, transitionDate, ...transition }];
}
