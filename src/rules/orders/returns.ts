/** Items of an order that come back. commercetools names their states in `shipmentState` of the return item. */
import type { ReturnItem } from '../../commercetools/shipping-schemas.ts';
import type { RuleSettings } from '../settings.ts';
import { messageCauseOf, messageTriggers, type Skip, type Trigger } from '../types.ts';
import type { OrderFacts } from './facts.ts';
import { consecutivePieces, priceOf } from './line-share.ts';
import type { OrderEventDraft } from './order-event.ts';
import { partProperties } from './part-properties.ts';
import { byAge } from './shipped-parts.ts';

export function returnTriggers(): Trigger[] {
  return messageTriggers(
    'order',
    ['ReturnInfoAdded', 'ReturnInfoSet', 'OrderReturnShipmentStateChanged'],
    'OrderReturn',
  );
}

export interface ReturnEvent {
  /** Returns why the item does not count, or undefined. */
  reasonNotTo(item: ReturnItem): string | undefined;
  /** Candidates in ISO 8601, best first. */
  times(item: ReturnItem, returnDate: string | undefined): (string | undefined)[];
}

/** Returns an event for each return item of the message, or of the order. */
export function returnEvents(
  facts: OrderFacts,
  { reasonNotTo, times }: ReturnEvent,
  settings: RuleSettings,
): (OrderEventDraft | Skip)[] | Skip {
  const { order, cause } = facts;
  const all = (order.returnInfo ?? [])
    .flatMap(({ items = [], ...info }) => items.map((item) => ({ item, info })))
    .toSorted((left, right) => byAge(left.item, right.item));
  if (all.length === 0) return { skip: 'the order has no returns' };
  const pieces = consecutivePieces(
    all.map(({ item }) => [{ lineId: item.lineItemId ?? item.customLineItemId, quantity: item.quantity }]),
  );
  const ids = messageCauseOf(cause)?.returnItemIds;
  const meant = all
    .map((entry, index) => ({ ...entry, own: pieces[index] ?? [] }))
    .filter(({ item: { id } }) => ids === undefined || (id !== undefined && ids.includes(id)));
  if (meant.length === 0) return { skip: 'the return item is no longer in the order' };
  return meant.map(({ item, info, own }) => {
    if (item.id === undefined) return { skip: 'the id of a return item is missing or malformed' };
    const reason = reasonNotTo(item);
    if (reason !== undefined) return { skip: reason };
    const names = { ReturnTrackingNumber: info.returnTrackingId, ReturnReason: item.comment };
    return {
      uniqueId: `${order.id}:${item.id}`,
      times: [...times(item, info.returnDate), order.lastModifiedAt],
      value: priceOf(own, order),
      properties: partProperties(facts, { pieces: own, own: names }, settings),
    };
  });
}
