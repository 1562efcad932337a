/**
 * commercetools' resources as far as the rules look at them. Every record that comes in, read or carried by a message,
 * is parsed by these schemas; what they do not name is kept and passed on as it is.
 * https://docs.commercetools.com/api/types
 */
import { z } from 'zod';

const text = z.string();
const localized = z.record(z.string(), z.string());
/** Text in several locales; any of them may be missing or empty. */
export type LocalizedString = z.infer<typeof localized>;

const reference = z.looseObject({ typeId: text.optional(), id: text });

const money = z.looseObject({
  type: text.optional(),
  currencyCode: text,
  centAmount: z.number(),
  /** Digits of the minor unit: EUR 2, JPY 0, KWD 3. With highPrecision those of `preciseAmount`. */
  fractionDigits: z.number().int().min(0).max(20).optional(),
  preciseAmount: z.number().optional(),
});
export type Money = z.infer<typeof money>;

const customFields = z.looseObject({ fields: z.record(z.string(), z.unknown()).optional() });

const address = z.looseObject({
  id: text.optional(),
  title: text.optional(),
  firstName: text.optional(),
  lastName: text.optional(),
  streetName: text.optional(),
  streetNumber: text.optional(),
  additionalStreetInfo: text.optional(),
  postalCode: text.optional(),
  city: text.optional(),
  region: text.optional(),
  state: text.optional(),
  country: text.optional(),
  company: text.optional(),
  building: text.optional(),
  apartment: text.optional(),
  phone: text.optional(),
  mobile: text.optional(),
  additionalAddressInfo: text.optional(),
});
export type Address = z.infer<typeof address>;

/** What every stored resource has. Times are ISO 8601 in UTC. */
const stored = { id: text, version: z.number(), createdAt: text, lastModifiedAt: text };

export const customerSchema = z.looseObject({
  ...stored,
  email: text.optional(),
  firstName: text.optional(),
  lastName: text.optional(),
  title: text.optional(),
  companyName: text.optional(),
  locale: text.optional(),
  addresses: z.array(address).default([]),
  defaultBillingAddressId: text.optional(),
  billingAddressIds: z.array(text).optional(),
  stores: z.array(z.looseObject({ key: text })).default([]),
  custom: customFields.optional(),
});
export type Customer = z.infer<typeof customerSchema>;

const image = z.looseObject({ url: text });
const attribute = z.looseObject({ name: text, value: z.unknown() });

const discountedPrice = z.looseObject({ value: money });
const priceFields = {
  value: money,
  country: text.optional(),
  customerGroup: reference.optional(),
  channel: reference.optional(),
  validFrom: text.optional(),
  validUntil: text.optional(),
  discounted: discountedPrice.optional(),
  recurrencePolicy: reference.optional(),
};
const price = z.looseObject({ id: text.optional(), ...priceFields });
/** A price of a variant, embedded or standalone. */
export type Price = z.infer<typeof price>;

const productVariant = z.looseObject({
  id: z.number(),
  sku: text.optional(),
  key: text.optional(),
  prices: z.array(price).default([]),
  images: z.array(image).default([]),
  attributes: z.array(attribute).default([]),
  availability: z
    .looseObject({
      availableQuantity: z.number().optional(),
      channels: z.record(z.string(), z.looseObject({ availableQuantity: z.number().optional() })).optional(),
    })
    .optional(),
});
export type ProductVariant = z.infer<typeof productVariant>;

const productData = z.looseObject({
  name: localized.default({}),
  description: localized.optional(),
  slug: localized.default({}),
  categories: z.array(reference).default([]),
  /** Absent in the modular catalogue, although the API types call it required. */
  masterVariant: productVariant.optional(),
  variants: z.array(productVariant).default([]),
  /** Attributes that all variants share. */
  attributes: z.array(attribute).default([]),
});

export const productSchema = z.looseObject({
  ...stored,
  key: text.optional(),
  priceMode: text.optional(),
  masterData: z.looseObject({ published: z.boolean(), current: productData }),
});
export type Product = z.infer<typeof productSchema>;

const orderedVariant = z.object({ sku: text.optional(), attributes: z.array(attribute).default([]) });

/** A product as the events of an order need it: where it belongs, and attributes, one of which may hold the brand. */
export const orderedProductSchema = z.object({
  id: text,
  masterData: z.object({
    current: z.object({
      slug: localized.default({}),
      categories: z.array(reference).default([]),
      masterVariant: orderedVariant.optional(),
      variants: z.array(orderedVariant).default([]),
      attributes: z.array(attribute).default([]),
    }),
  }),
});
export type OrderedProduct = z.infer<typeof orderedProductSchema>;

export const categorySchema = z.looseObject({
  ...stored,
  key: text.optional(),
  name: localized.default({}),
  slug: localized.default({}),
  ancestors: z.array(reference).default([]),
  parent: reference.optional(),
});
export type Category = z.infer<typeof categorySchema>;

export const inventoryEntrySchema = z.looseObject({
  ...stored,
  sku: text,
  supplyChannel: reference.optional(),
  availableQuantity: z.number(),
});
export type InventoryEntry = z.infer<typeof inventoryEntrySchema>;

export const standalonePriceSchema = z.looseObject({
  ...stored,
  sku: text,
  active: z.boolean().default(true),
  ...priceFields,
});
export type StandalonePrice = z.infer<typeof standalonePriceSchema>;

export const discountCodeSchema = z.looseObject({ ...stored, code: text });

const lineItem = z.looseObject({
  id: text,
  productId: text,
  name: localized.default({}),
  productSlug: localized.optional(),
  variant: z.looseObject({
    sku: text.optional(),
    images: z.array(image).default([]),
    attributes: z.array(attribute).default([]),
  }),
  price,
  quantity: z.number(),
  totalPrice: money,
  lineItemMode: text.optional(),
});
export type LineItem = z.infer<typeof lineItem>;

const customLineItem = z.looseObject({
  id: text,
  name: localized.default({}),
  quantity: z.number().optional(),
  totalPrice: money.optional(),
});

export const orderSchema = z.looseObject({
  ...stored,
  completedAt: text.optional(),
  orderNumber: text.optional(),
  customerId: text.optional(),
  customerEmail: text.optional(),
  orderState: text,
  totalPrice: money,
  lineItems: z.array(lineItem).default([]),
  customLineItems: z.array(customLineItem).default([]),
  billingAddress: address.optional(),
  shippingAddress: address.optional(),
  discountCodes: z.array(z.looseObject({ discountCode: reference })).optional(),
  discountOnTotalPrice: z.looseObject({ discountedAmount: money }).optional(),
  paymentInfo: z.looseObject({ payments: z.array(reference).default([]) }).optional(),
  shippingInfo: z
    .looseObject({ deliveries: z.array(z.looseObject({ createdAt: text.optional() })).optional() })
    .optional(),
  shipping: z
    .array(
      z.looseObject({
        shippingInfo: z
          .looseObject({ deliveries: z.array(z.looseObject({ createdAt: text.optional() })).optional() })
          .optional(),
      }),
    )
    .optional(),
  custom: customFields.optional(),
});
export type Order = z.infer<typeof orderSchema>;

const transaction = z.looseObject({
  id: text,
  /** Authorization, CancelAuthorization, Charge, Refund, Chargeback. */
  type: text,
  /** Initial, Pending, Success, Failure. */
  state: text,
  amount: money,
  timestamp: text.optional(),
});
export type Transaction = z.infer<typeof transaction>;

export const paymentSchema = z.looseObject({ ...stored, transactions: z.array(transaction).default([]) });
export type Payment = z.infer<typeof paymentSchema>;

/** The resources of a bulk sync, with commercetools' type ids and paths. */
export const bulkResources = ['customers', 'orders', 'categories', 'products'] as const;
export type BulkResource = (typeof bulkResources)[number];
