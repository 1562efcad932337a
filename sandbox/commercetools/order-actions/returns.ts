/** Update actions of an order's returns. Adding one is up to the engine. */
import { randomUUID } from 'node:crypto';
import type { CustomActions } from '../custom-action.ts';
import { isObject, type JsonObject, listField } from '../json.ts';
import type { Records } from '../records.ts';
import { customFieldsOf, isMeant } from './identify.ts';

export const returnActions: CustomActions = {
  /** An item that the order has already keeps its id: by its key, else by its line and quantity. */
  setReturnInfo(order, action, records) {
    const known = returnItemsOf(order);
    const returnInfo = listField(action, 'items')
      .filter(isObject)
      .map((info) => ({
        ...info,
        items: listField(info, 'items')
          .filter(isObject)
          .map((draft) => {
            const index = known.findIndex((item) => isSame(item, draft));
            const [same] = index < 0 ? [] : known.splice(index, 1);
            return returnItem(draft, same, records);
          }),
      }));
    return { ...order, returnInfo };
  },
  setReturnShipmentState(order, { returnItemId: id, returnItemKey: key, shipmentState }) {
    if (!returnItemsOf(order).some((item) => isMeant(item, { id, key }))) return 'The return item was not found.';
    const lastModifiedAt = new Date().toISOString();
    const returnInfo = listField(order, 'returnInfo')
      .filter(isObject)
      .map((info) => ({
        ...info,
        items: listField(info, 'items')
          .filter(isObject)
          .map((item) => (isMeant(item, { id, key }) ? { ...item, shipmentState, lastModifiedAt } : item)),
      }));
    return { ...order, returnInfo };
  },
};

function returnItemsOf(order: unknown): JsonObject[] {
  return listField(order, 'returnInfo')
    .flatMap((info) => listField(info, 'items'))
    .filter(isObject);
}

function isSame(item: JsonObject, draft: JsonObject): boolean {
  if (draft.key !== undefined) return item.key === draft.key;
  const names = ['lineItemId', 'customLineItemId', 'quantity'];
  return item.key === undefined && names.every((name) => item[name] === draft[name]);
}

function returnItem(draft: JsonObject, known: JsonObject | undefined, records: Records): JsonObject {
  const now = new Date().toISOString();
  const type = draft.customLineItemId === undefined ? 'LineItemReturnItem' : 'CustomLineItemReturnItem';
  const added = { id: randomUUID(), paymentState: 'Initial', createdAt: now };
  return {
    ...added,
    shipmentState: 'Advised',
    ...draft,
    ...{ type, lastModifiedAt: now },
    ...customFieldsOf(draft, records),
    ...(known && { id: known.id, paymentState: known.paymentState, createdAt: known.createdAt }),
  };
}
