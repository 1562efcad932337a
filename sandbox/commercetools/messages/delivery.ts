/** Messages of an order's deliveries and parcels. */
import { isDeepStrictEqual } from 'node:util';
import { field, listField } from '../json.ts';
import { shippingInfosOf } from '../order-actions/deliveries.ts';
import type { MessageBody } from '../payloads.ts';
import { listDifference, whenChanged } from './compare.ts';

/** Returns the messages of deliveries and parcels added, removed or changed, of each shipping method. */
export function deliveryMessages(before: unknown, after: unknown): MessageBody[] {
  const previous = shippingInfosOf(before);
  return shippingInfosOf(after).flatMap(({ key, value }) => {
    const old = previous.find((info) => info.key === key)?.value;
    const messages = methodMessages(listField(old, 'deliveries'), listField(value, 'deliveries'));
    return key === undefined ? messages : messages.map((message) => ({ ...message, shippingKey: key }));
  });
}

function methodMessages(before: readonly unknown[], after: readonly unknown[]): MessageBody[] {
  const { added, removed, changed } = listDifference(before, after);
  return [
    ...added.map((delivery) => ({ type: 'DeliveryAdded', delivery })),
    ...removed.map((delivery) => ({ type: 'DeliveryRemoved', delivery })),
    ...changed.flatMap(([previous, current]) => {
      const deliveryId = field(current, 'id');
      return [
        ...itemsUpdated(previous, current, { type: 'DeliveryItemsUpdated', deliveryId }),
        ...parcelMessages(previous, current, deliveryId),
      ];
    }),
  ];
}

function parcelMessages(before: unknown, after: unknown, deliveryId: unknown): MessageBody[] {
  const { added, removed, changed } = listDifference(listField(before, 'parcels'), listField(after, 'parcels'));
  return [
    ...added.map((parcel) => ({ type: 'ParcelAddedToDelivery', delivery: after, parcel })),
    ...removed.map((parcel) => ({ type: 'ParcelRemovedFromDelivery', deliveryId, parcel })),
    ...changed.flatMap(([previous, current]) => {
      const parcelId = field(current, 'id');
      return [
        ...itemsUpdated(previous, current, { type: 'ParcelItemsUpdated', deliveryId, parcelId }),
        ...whenChanged(previous, current, 'trackingData', (trackingData) => ({
          type: 'ParcelTrackingDataUpdated',
          ...{ deliveryId, parcelId, trackingData },
        })),
      ];
    }),
  ];
}

function itemsUpdated(before: unknown, after: unknown, body: MessageBody): MessageBody[] {
  const [items, oldItems] = [listField(after, 'items'), listField(before, 'items')];
  return isDeepStrictEqual(items, oldItems) ? [] : [{ ...body, items, oldItems }];
}
