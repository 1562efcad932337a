/** Messages of an order's returns. */
import type { Change } from '../changes.ts';
import { field, listField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import { listDifference, whenChanged } from './compare.ts';

/** Returns the messages of returns that were set, added, or changed their shipment state. */
export function returnMessages({ before, after, actions }: Change): MessageBody[] {
  const [previous, current] = [listField(before, 'returnInfo'), listField(after, 'returnInfo')];
  if (actions?.some(({ action }) => action === 'setReturnInfo'))
    return [{ type: 'ReturnInfoSet', returnInfo: current }];
  const added = current.slice(previous.length).map((returnInfo) => ({ type: 'ReturnInfoAdded', returnInfo }));
  const { changed } = listDifference(itemsOf(previous), itemsOf(current));
  return [
    ...added,
    ...changed.flatMap(([old, item]) =>
      whenChanged(old, item, 'shipmentState', (returnShipmentState) => ({
        type: 'OrderReturnShipmentStateChanged',
        returnItemId: field(item, 'id'),
        returnShipmentState,
      })),
    ),
  ];
}

function itemsOf(returnInfo: readonly unknown[]): readonly unknown[] {
  return returnInfo.flatMap((info) => listField(info, 'items'));
}
