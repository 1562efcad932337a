/** Schema of a cart with the fields that the cart rules read. https://docs.commercetools.com/api/projects/carts */
import { z } from 'zod';
import { customFields, email, lenient, lenientText, money, text } from './schema-fields.ts';
import { customLineItem, lineItem, orderAddress, paymentInfo, stored } from './schemas.ts';

/** `addedAt` says when the line came into the cart; lines of old carts have none. */
const cartLineItem = lineItem.extend({ addedAt: lenientText });
export type CartLineItem = z.infer<typeof cartLineItem>;

export const cartSchema = z.looseObject({
  ...stored,
  key: lenientText,
  customerId: lenientText,
  customerEmail: lenient(email),
  /** Active, Frozen, Merged or Ordered. */
  cartState: text,
  /** Customer, Merchant, Quote or RecurringOrder. */
  origin: lenientText,
  totalPrice: money,
  lineItems: z.array(cartLineItem).default([]),
  customLineItems: z.array(customLineItem).default([]).catch([]),
  billingAddress: lenient(orderAddress),
  shippingAddress: lenient(orderAddress),
  shippingInfo: lenient(z.looseObject({})),
  shipping: lenient(z.array(z.looseObject({}))),
  paymentInfo,
  store: lenient(z.looseObject({ key: text })),
  locale: lenientText,
  country: lenientText,
  custom: lenient(customFields),
});
export type Cart = z.infer<typeof cartSchema>;
