/** Messages of an order's deliveries, parcels and return items. */
import { isDeepStrictEqual } from 'node:util';
import { field, listField } from '../json.ts';
import type { MessageBody } from '../payloads.ts';
import { listDifference, whenChanged } from './compare.ts';

/** Returns the messages of deliveries added, their items changed, and their parcels added or tracked. */
export function deliveryMessages(before: unknown, after: unknown): MessageBody[] {
  const { added, changed } = listDifference(deliveriesOf(before), deliveriesOf(after));
  return [
    ...added.map((delivery) => ({ type: 'DeliveryAdded', delivery })),
    ...changed.flatMap(([previous, current]) => [
      ...whenChanged(previous, current, 'items', (items, oldItems) => ({
        type: 'DeliveryItemsUpdated',
        deliveryId: field(current, 'id'),
        items,
        oldItems,
      })),
      ...parcelMessages(previous, current),
    ]),
  ];
}

/** Returns the messages of return items whose shipment state changed. */
export function returnStateMessages(before: unknown, after: unknown): MessageBody[] {
  return listDifference(returnItemsOf(before), returnItemsOf(after)).changed.flatMap(([previous, current]) =>
    whenChanged(previous, current, 'shipmentState', (returnShipmentState) => ({
      type: 'OrderReturnShipmentStateChanged',
      returnItemId: field(current, 'id'),
      returnShipmentState,
    })),
  );
}

function parcelMessages(before: unknown, after: unknown): MessageBody[] {
  const { added, changed } = listDifference(listField(before, 'parcels'), listField(after, 'parcels'));
  const tracked = changed.filter(
    ([previous, current]) => !isDeepStrictEqual(field(previous, 'trackingData'), field(current, 'trackingData')),
  );
  return [
    ...added.map((parcel) => ({ type: 'ParcelAddedToDelivery', delivery: after, parcel })),
    ...tracked.map(([, parcel]) => ({
      type: 'ParcelTrackingDataUpdated',
      deliveryId: field(after, 'id'),
      parcelId: field(parcel, 'id'),
      trackingData: field(parcel, 'trackingData'),
    })),
  ];
}

function deliveriesOf(order: unknown): readonly unknown[] {
  return listField(field(order, 'shippingInfo'), 'deliveries');
}

function returnItemsOf(order: unknown): readonly unknown[] {
  return listField(order, 'returnInfo').flatMap((info) => listField(info, 'items'));
}
