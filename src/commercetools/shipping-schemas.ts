/**
 * Schemas of the deliveries and returns of an order. A malformed field counts as absent.
 * https://docs.commercetools.com/api/projects/orders
 */
import { z } from 'zod';
import { cartDiscounted, customFields, lenient, lenientText } from './schema-fields.ts';

const deliveryItems = lenient(z.array(z.looseObject({ id: lenientText, quantity: lenient(z.number()) })));
export type DeliveryItem = NonNullable<z.infer<typeof deliveryItems>>[number];
const parcel = z.looseObject({
  id: lenientText,
  createdAt: lenientText,
  trackingData: lenient(
    z.looseObject({
      trackingId: lenientText,
      carrier: lenientText,
      provider: lenientText,
      isReturn: lenient(z.boolean()),
    }),
  ),
  items: deliveryItems,
  custom: lenient(customFields),
});
export type Parcel = z.infer<typeof parcel>;
const delivery = z.looseObject({
  id: lenientText,
  createdAt: lenientText,
  items: deliveryItems,
  parcels: lenient(z.array(parcel)),
  custom: lenient(customFields),
});
export type Delivery = z.infer<typeof delivery>;
export const shippingInfo = lenient(
  z.looseObject({
    deliveries: lenient(z.array(delivery)),
    discountedPrice: cartDiscounted,
    estimatedDelivery: lenient(z.looseObject({ from: lenientText, until: lenientText })),
  }),
);

const returnItem = z.looseObject({
  id: lenientText,
  lineItemId: lenientText,
  customLineItemId: lenientText,
  quantity: lenient(z.number()),
  comment: lenientText,
  shipmentState: lenientText,
  createdAt: lenientText,
  lastModifiedAt: lenientText,
});
export type ReturnItem = z.infer<typeof returnItem>;
export const returnInfo = z.looseObject({
  items: lenient(z.array(returnItem)),
  returnTrackingId: lenientText,
  returnDate: lenientText,
});
