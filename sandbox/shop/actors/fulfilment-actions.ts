/** Actions of the warehouse: parcels of an order, and what comes back. */
import { z } from 'zod';
import type { JournalEntry } from './journal.ts';
import type { ShopApi } from './shop-api.ts';
import { update } from './shopper-actions.ts';

const pieces = z.object({ id: z.string(), quantity: z.number() });
const orderShape = z.object({
  lineItems: z.array(pieces),
  shippingInfo: z.object({
    deliveries: z
      .array(
        z.object({
          items: z.array(pieces),
          parcels: z.array(z.object({ id: z.string(), trackingData: z.unknown().optional() })),
        }),
      )
      .default([]),
  }),
  returnInfo: z.array(z.object({ items: z.array(z.object({ id: z.string() })) })).default([]),
});

/**
 * Packs a parcel in a delivery of its own: the first one has half of the first line, the second one everything else.
 * @returns also whether all pieces of the order are packed now
 */
export async function pack(
  api: ShopApi,
  { order }: { order: string },
): Promise<{ entry: JournalEntry; isComplete: boolean }> {
  const { lineItems, shippingInfo } = await api.get(`orders/${order}`, orderShape);
  const packed = new Map<string, number>();
  for (const { id, quantity } of shippingInfo.deliveries.flatMap(({ items }) => items))
    packed.set(id, (packed.get(id) ?? 0) + quantity);
  const open = lineItems
    .map(({ id, quantity }) => ({ id, quantity: quantity - (packed.get(id) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
  const isFirst = shippingInfo.deliveries.length === 0;
  const items = isFirst
    ? open.slice(0, 1).map(({ id, quantity }) => ({ id, quantity: Math.ceil(quantity / 2) }))
    : open;
  await update(api, `orders/${order}`, [{ action: 'addDelivery', items, parcels: [{}] }]);
  const count = (list: readonly { quantity: number }[]) => list.reduce((sum, { quantity }) => sum + quantity, 0);
  const entry = { action: 'pack', description: 'a parcel is packed', ids: { order } };
  return { entry, isComplete: count(items) === count(open) };
}

/** Gives the parcels without a tracking number one. */
export async function track(api: ShopApi, { order }: { order: string }): Promise<JournalEntry> {
  const { shippingInfo } = await api.get(`orders/${order}`, orderShape);
  const parcels = shippingInfo.deliveries.flatMap((delivery) => delivery.parcels);
  const actions = parcels.flatMap(({ id, trackingData }, index) => {
    const added = { trackingId: `${order.slice(0, 8)}-${index + 1}`, carrier: 'DHL' };
    return trackingData === undefined ? [{ action: 'setParcelTrackingData', parcelId: id, trackingData: added }] : [];
  });
  await update(api, `orders/${order}`, actions);
  return { action: 'track', description: 'a parcel is on its way', ids: { order } };
}

/** Marks the order as delivered. */
export async function arrive(api: ShopApi, { order }: { order: string }): Promise<JournalEntry> {
  await update(api, `orders/${order}`, [{ action: 'changeShipmentState', shipmentState: 'Delivered' }]);
  return { action: 'arrive', description: 'an order arrives', ids: { order } };
}

/** Announces the return of a piece of the first line. */
export async function requestReturn(api: ShopApi, { order }: { order: string }): Promise<JournalEntry> {
  const { lineItems } = await api.get(`orders/${order}`, orderShape);
  const items = [{ lineItemId: lineItems[0]?.id, quantity: 1, comment: 'Too small', shipmentState: 'Advised' }];
  await update(api, `orders/${order}`, [{ action: 'addReturnInfo', items }]);
  return { action: 'requestReturn', description: 'a customer announces a return', ids: { order } };
}

/** Marks the announced return as received. */
export async function receiveReturn(api: ShopApi, { order }: { order: string }): Promise<JournalEntry> {
  const { returnInfo } = await api.get(`orders/${order}`, orderShape);
  const returnItemId = returnInfo[0]?.items[0]?.id;
  const action = { action: 'setReturnShipmentState', returnItemId, shipmentState: 'Returned' };
  await update(api, `orders/${order}`, [action]);
  return { action: 'receiveReturn', description: 'a returned piece arrives', ids: { order } };
}
