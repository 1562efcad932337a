/** Update actions of an order's deliveries and parcels, in shipping mode Single and Multiple. */
import { randomUUID } from 'node:crypto';
import type { CustomActions, FullRecord } from '../custom-action.ts';
import { field, isObject, type JsonObject, listField, textField } from '../json.ts';
import { customFieldsOf, isMeant } from './identify.ts';

/** Changes a list of deliveries; undefined if what the action is about is not in it. */
type ChangeDeliveries = (deliveries: readonly JsonObject[]) => readonly JsonObject[] | undefined;

export const deliveryActions: CustomActions = {
  addDelivery(order, action, records) {
    const { items, address, deliveryKey, shippingKey } = action;
    const parcels = objectsIn(action, 'parcels').map((parcel) => ({
      ...newPart(textField(parcel, 'key')),
      ...parcel,
      ...customFieldsOf(parcel, records),
    }));
    const custom = customFieldsOf(action, records);
    const delivery = { ...newPart(deliveryKey), items, parcels, ...present({ address }), ...custom };
    const isThere = ({ key }: ShippingInfo) => key === shippingKey;
    if (!shippingInfosOf(order).some(isThere)) return 'The order has no such shipping method.';
    return changeShippingInfos(order, (info) =>
      isThere(info) ? { ...info.value, deliveries: [...objectsIn(info.value, 'deliveries'), delivery] } : info.value,
    );
  },
  addParcelToDelivery(order, { deliveryId, deliveryKey, parcelKey, ...draft }, records) {
    const { action: _, ...fields } = draft;
    const parcel = { ...newPart(parcelKey), ...fields, ...customFieldsOf(draft, records) };
    return changeDeliveries(order, {
      what: 'delivery',
      change: changeMeant({ id: deliveryId, key: deliveryKey }, (delivery) => ({
        ...delivery,
        parcels: [...objectsIn(delivery, 'parcels'), parcel],
      })),
    });
  },
  setDeliveryItems: (order, { deliveryId, deliveryKey, items }) =>
    changeDeliveries(order, {
      what: 'delivery',
      change: changeMeant({ id: deliveryId, key: deliveryKey }, (delivery) => ({ ...delivery, items })),
    }),
  removeDelivery: (order, { deliveryId, deliveryKey }) =>
    changeDeliveries(order, {
      what: 'delivery',
      change: changeMeant({ id: deliveryId, key: deliveryKey }, () => undefined),
    }),
  setParcelTrackingData: (order, action) =>
    changeParcel(order, action, (parcel) => ({ ...parcel, trackingData: action.trackingData })),
  setParcelItems: (order, action) => changeParcel(order, action, (parcel) => ({ ...parcel, items: action.items })),
  removeParcelFromDelivery: (order, action) => changeParcel(order, action, () => undefined),
};

/** Shipping method of the order; the key is undefined in shipping mode Single. */
export interface ShippingInfo {
  readonly key: string | undefined;
  readonly value: JsonObject;
}

export function shippingInfosOf(order: unknown): ShippingInfo[] {
  const single = field(order, 'shippingInfo');
  const several = listField(order, 'shipping').flatMap((method) => {
    const info = field(method, 'shippingInfo');
    return isObject(info) ? [{ key: textField(method, 'shippingKey'), value: info }] : [];
  });
  return isObject(single) ? [{ key: undefined, value: single }, ...several] : several;
}

function changeShippingInfos(order: FullRecord, change: (info: ShippingInfo) => JsonObject): FullRecord {
  const { shippingInfo } = order;
  const single = isObject(shippingInfo) ? { shippingInfo: change({ key: undefined, value: shippingInfo }) } : {};
  const shipping = objectsIn(order, 'shipping').map((method) =>
    isObject(method.shippingInfo)
      ? { ...method, shippingInfo: change({ key: textField(method, 'shippingKey'), value: method.shippingInfo }) }
      : method,
  );
  return { ...order, ...single, ...(shipping.length > 0 ? { shipping } : {}) };
}

/** Ids of deliveries and parcels are unique in the order, whatever their shipping method. */
function changeDeliveries(
  order: FullRecord,
  { what, change }: { what: 'delivery' | 'parcel'; change: ChangeDeliveries },
): FullRecord | string {
  let isFound = false;
  const changed = changeShippingInfos(order, ({ value }) => {
    const deliveries = change(objectsIn(value, 'deliveries'));
    if (deliveries === undefined) return value;
    isFound = true;
    return { ...value, deliveries };
  });
  return isFound ? changed : `The ${what} was not found on this order.`;
}

function changeParcel(
  order: FullRecord,
  { parcelId, parcelKey }: JsonObject,
  change: (parcel: JsonObject) => JsonObject | undefined,
): FullRecord | string {
  const changeList = changeMeant({ id: parcelId, key: parcelKey }, change);
  return changeDeliveries(order, {
    what: 'parcel',
    change(deliveries) {
      const lists = deliveries.map((delivery) => changeList(objectsIn(delivery, 'parcels')));
      if (lists.every((parcels) => parcels === undefined)) return undefined;
      return deliveries.map((delivery, index) => ({ ...delivery, ...present({ parcels: lists[index] }) }));
    },
  });
}

/** Returns a change of the element with this id or key, which `change` removes by returning undefined. */
function changeMeant(
  meant: { id: unknown; key: unknown },
  change: (element: JsonObject) => JsonObject | undefined,
): ChangeDeliveries {
  return (elements) => {
    if (!elements.some((element) => isMeant(element, meant))) return undefined;
    return elements.flatMap((element) => {
      const changed = isMeant(element, meant) ? change(element) : element;
      return changed === undefined ? [] : [changed];
    });
  };
}

function newPart(key: unknown): JsonObject {
  return { id: randomUUID(), ...present({ key }), createdAt: new Date().toISOString() };
}

function objectsIn(value: unknown, name: string): JsonObject[] {
  return listField(value, name).filter(isObject);
}

function present(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
