/** Reads all commercetools records from which the expected state is computed. */
import { z } from 'zod';
import type { ShopApi } from '../actors/shop-api.ts';

const localized = z.record(z.string(), z.string());
const typedMoney = z.looseObject({
  type: z.string(),
  currencyCode: z.string(),
  centAmount: z.number(),
  fractionDigits: z.number(),
  preciseAmount: z.number().optional(),
});
const reference = z.looseObject({ id: z.string() });
const row = { id: z.string(), createdAt: z.string(), lastModifiedAt: z.string(), key: z.string().optional() };

const price = z.looseObject({
  value: typedMoney,
  country: z.string().optional(),
  customerGroup: z.unknown().optional(),
  channel: z.unknown().optional(),
  recurrencePolicy: z.unknown().optional(),
  validFrom: z.string().optional(),
  validUntil: z.string().optional(),
  discounted: z.looseObject({ value: typedMoney }).optional(),
});
const variant = z.looseObject({
  sku: z.string().optional(),
  prices: z.array(price).optional(),
  images: z.array(z.looseObject({ url: z.string() })).optional(),
});
const address = z.looseObject({
  id: z.string().optional(),
  city: z.string().optional(),
  country: z.string(),
  postalCode: z.string().optional(),
  region: z.string().optional(),
});
const customer = z.looseObject({
  ...row,
  email: z.string(),
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  title: z.string().optional(),
  companyName: z.string().optional(),
  addresses: z.array(address),
  defaultBillingAddressId: z.string().optional(),
  billingAddressIds: z.array(z.string()),
  stores: z.array(z.looseObject({ key: z.string() })),
  customerNumber: z.string().optional(),
  customerGroup: reference.optional(),
  customerGroupAssignments: z.array(z.looseObject({ customerGroup: reference })).optional(),
  isEmailVerified: z.boolean().optional(),
  dateOfBirth: z.string().optional(),
  salutation: z.string().optional(),
});
const pieces = z.array(z.looseObject({ id: z.string(), quantity: z.number() }));
const trackingData = z.looseObject({
  trackingId: z.string().optional(),
  carrier: z.string().optional(),
  isReturn: z.boolean().optional(),
});
const parcel = z.looseObject({
  id: z.string(),
  createdAt: z.string(),
  items: pieces.optional(),
  trackingData: trackingData.optional(),
});
const delivery = z.looseObject({
  id: z.string(),
  createdAt: z.string(),
  items: pieces,
  parcels: z.array(parcel),
});
const returnItem = z.looseObject({
  id: z.string(),
  lineItemId: z.string().optional(),
  customLineItemId: z.string().optional(),
  quantity: z.number(),
  comment: z.string().optional(),
  shipmentState: z.string(),
  createdAt: z.string(),
  lastModifiedAt: z.string(),
});
const shippingInfo = z.looseObject({
  deliveries: z.array(delivery).optional(),
  shippingMethodName: z.string().optional(),
  price: typedMoney.optional(),
  discountedPrice: z.looseObject({ value: typedMoney }).optional(),
});
const order = z.looseObject({
  ...row,
  customerEmail: z.string().optional(),
  /** Set by `withBuyers`. */
  orderEmail: z.string().optional(),
  customerId: z.string().optional(),
  orderState: z.string(),
  shipmentState: z.string().optional(),
  completedAt: z.string().optional(),
  totalPrice: typedMoney,
  lineItems: z.array(z.looseObject({ id: z.string(), totalPrice: typedMoney, quantity: z.number() })),
  customLineItems: z.array(z.looseObject({ id: z.string(), totalPrice: typedMoney, quantity: z.number() })).optional(),
  taxedPrice: z.looseObject({ totalTax: typedMoney.optional() }).optional(),
  store: z.looseObject({ key: z.string() }).optional(),
  locale: z.string().optional(),
  customerGroup: reference.optional(),
  paymentInfo: z.looseObject({ payments: z.array(reference) }).optional(),
  shippingInfo: shippingInfo.optional(),
  shipping: z.array(z.looseObject({ shippingInfo: shippingInfo.optional() })).optional(),
  returnInfo: z
    .array(
      z.looseObject({
        items: z.array(returnItem),
        returnTrackingId: z.string().optional(),
        returnDate: z.string().optional(),
      }),
    )
    .optional(),
});
const cart = z.looseObject({
  ...row,
  customerEmail: z.string().optional(),
  customerId: z.string().optional(),
  totalPrice: typedMoney,
  shippingAddress: z.unknown().optional(),
  lineItems: z.array(z.looseObject({ id: z.string(), quantity: z.number(), addedAt: z.string() })),
});
const transaction = z.looseObject({
  id: z.string(),
  type: z.string(),
  state: z.string(),
  amount: typedMoney,
  timestamp: z.string().optional(),
});
const payment = z.looseObject({
  ...row,
  transactions: z.array(transaction),
  paymentMethodInfo: z.looseObject({ method: z.string().optional(), name: localized.optional() }).optional(),
});
const customerGroup = z.looseObject({ ...row, name: z.string() });
const store = z.looseObject({
  id: z.string(),
  key: z.string(),
  name: localized.optional(),
  storefront: z.looseObject({ orderUrlTemplate: z.string().optional() }).optional(),
});
const category = z.looseObject({
  ...row,
  name: localized,
  slug: localized,
  ancestors: z.array(reference),
});
const projection = z.looseObject({
  ...row,
  name: localized,
  slug: localized,
  description: localized.optional(),
  categories: z.array(reference),
  priceMode: z.string().optional(),
  reviewRatingStatistics: z.looseObject({ averageRating: z.number(), count: z.number() }).optional(),
  masterVariant: variant.optional(),
  variants: z.array(variant),
});
const inventoryEntry = z.looseObject({
  ...row,
  sku: z.string(),
  availableQuantity: z.number(),
  supplyChannel: reference.optional(),
});
const standalonePrice = price.extend({ ...row, sku: z.string(), active: z.boolean() });

export type Money = z.infer<typeof typedMoney>;
export type ShopPrice = z.infer<typeof price>;
export type ShopVariant = z.infer<typeof variant>;
export type ShopCustomer = z.infer<typeof customer>;
export type ShopOrder = z.infer<typeof order>;
export type ShopCart = z.infer<typeof cart>;
type ShopPayment = z.infer<typeof payment>;
export type ShopCategory = z.infer<typeof category>;
export type ShopProduct = z.infer<typeof projection>;
export type ShopInventory = z.infer<typeof inventoryEntry>;
type ShopStandalonePrice = z.infer<typeof standalonePrice>;

export interface Shop {
  readonly customers: readonly ShopCustomer[];
  readonly orders: readonly ShopOrder[];
  readonly carts: readonly ShopCart[];
  readonly payments: ReadonlyMap<string, ShopPayment>;
  readonly customerGroups: ReadonlyMap<string, z.infer<typeof customerGroup>>;
  /** By key. */
  readonly stores: ReadonlyMap<string, z.infer<typeof store>>;
  readonly categories: ReadonlyMap<string, ShopCategory>;
  /** Current projections of published products. */
  readonly products: readonly ShopProduct[];
  readonly inventory: readonly ShopInventory[];
  readonly standalonePrices: readonly ShopStandalonePrice[];
}

export async function readShop(api: ShopApi): Promise<Shop> {
  const byId = <T extends { readonly id: string }>(list: readonly T[]) =>
    new Map(list.map((record) => [record.id, record]));
  return {
    customers: await api.all('customers', customer),
    orders: await api.all('orders', order),
    carts: await api.all('carts', cart),
    payments: byId(await api.all('payments', payment)),
    customerGroups: byId(await api.all('customer-groups', customerGroup)),
    stores: new Map((await api.all('stores', store)).map((record) => [record.key, record])),
    categories: byId(await api.all('categories', category)),
    products: await api.all('product-projections', projection),
    inventory: await api.all('inventory', inventoryEntry),
    standalonePrices: await api.all('standalone-prices', standalonePrice),
  };
}
