/**
 * Schemas of commercetools' resources with the fields that the rules read. Every record, read or embedded in a message, is
 * parsed by them. Other fields are kept unchanged. https://docs.commercetools.com/api/types
 *
 * Required fields of an order are those without which no event can be sent. A malformed nested field counts as absent, so
 * that it affects only the rules that read it. A rule whose event depends on it, such as an id or an amount, skips the
 * event and names the field.
 */
import { z } from 'zod';
import {
  address,
  addressOf,
  customFields,
  discountedPricePerQuantity,
  email,
  lenient,
  lenientNames,
  lenientText,
  localized,
  money,
  reference,
  text,
} from './schema-fields.ts';
import { returnInfo, shippingInfo } from './shipping-schemas.ts';

export type { Money } from './schema-fields.ts';
export { email as emailSchema } from './schema-fields.ts';

/** Fields of every stored resource. Times are ISO 8601 in UTC. */
export const stored = { id: text, version: z.number(), createdAt: text, lastModifiedAt: text };

export const customerSchema = z.looseObject({
  ...stored,
  email: email.optional(),
  firstName: text.optional(),
  lastName: text.optional(),
  title: text.optional(),
  companyName: text.optional(),
  locale: text.optional(),
  addresses: z.array(address).default([]),
  defaultBillingAddressId: text.optional(),
  billingAddressIds: z.array(text).optional(),
  stores: z.array(z.looseObject({ key: text })).default([]),
  customerNumber: lenientText,
  customerGroup: lenient(reference),
  customerGroupAssignments: lenient(z.array(z.looseObject({ customerGroup: reference }))),
  isEmailVerified: lenient(z.boolean()),
  /** A date without a time. */
  dateOfBirth: lenientText,
  salutation: lenientText,
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
/** Embedded or standalone price of a variant. */
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
  /** Absent in modular catalogs, although the API types require it. */
  masterVariant: productVariant.optional(),
  variants: z.array(productVariant).default([]),
  attributes: z.array(attribute).default([]),
});

export const productSchema = z.looseObject({
  ...stored,
  key: text.optional(),
  priceMode: text.optional(),
  reviewRatingStatistics: lenient(z.looseObject({ averageRating: z.number(), count: z.number() })),
  masterData: z.looseObject({ published: z.boolean(), current: productData }),
});
export type Product = z.infer<typeof productSchema>;

const orderedVariant = z.object({ sku: text.optional(), attributes: z.array(attribute).default([]) });

/** Fields of a product that the events of an order need: slug, categories, and attributes, one of which is the brand. */
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
export type StoredCategory = z.infer<typeof categorySchema>;

export const inventoryEntrySchema = z.looseObject({
  ...stored,
  sku: text,
  supplyChannel: reference.optional(),
  availableQuantity: z.number(),
});
export type InventoryEntry = z.infer<typeof inventoryEntrySchema>;

const enumValues = z
  .array(z.looseObject({ key: text, label: z.union([text, localized]).optional().catch(undefined) }))
  .optional()
  .catch(undefined);
const fieldType = z
  .looseObject({ values: enumValues, elementType: z.looseObject({ values: enumValues }).optional().catch(undefined) })
  .optional()
  .catch(undefined);
/** A type of custom fields. https://docs.commercetools.com/api/projects/types */
export const typeSchema = z.looseObject({
  id: text,
  fieldDefinitions: z.array(z.looseObject({ name: text, type: fieldType })).default([]),
});
export type CustomType = z.infer<typeof typeSchema>;

/** https://docs.commercetools.com/api/projects/stores */
export const storeSchema = z.looseObject({
  id: text,
  key: text,
  name: lenient(localized),
  storefront: lenient(z.looseObject({ orderUrlTemplate: lenientText })),
});
export type ShopStore = z.infer<typeof storeSchema>;

/** https://docs.commercetools.com/api/projects/business-units */
export const businessUnitSchema = z.looseObject({
  id: text,
  name: text,
  associates: z.array(z.looseObject({ customer: z.looseObject({ id: text }) })).default([]),
});
export type BusinessUnit = z.infer<typeof businessUnitSchema>;

/** https://docs.commercetools.com/api/projects/states */
export const stateSchema = z.looseObject({ id: text, key: lenientText });
export type State = z.infer<typeof stateSchema>;

export const channelSchema = z.looseObject({ id: text, key: text.optional() });

export const standalonePriceSchema = z.looseObject({
  ...stored,
  sku: text,
  active: z.boolean().default(true),
  ...priceFields,
});
export type StandalonePrice = z.infer<typeof standalonePriceSchema>;

export const discountCodeSchema = z.looseObject({ ...stored, code: text });

/** Address of an order, in which malformed parts count as absent. */
export const orderAddress = addressOf(lenientText);

const orderedImages = z
  .array(z.looseObject({ url: lenientText }))
  .default([])
  .catch([]);
export const lineItem = z.looseObject({
  id: lenientText,
  productId: lenientText,
  name: lenientNames,
  productSlug: lenient(localized),
  variant: z
    .looseObject({ sku: lenientText, images: orderedImages, attributes: z.array(attribute).default([]).catch([]) })
    .catch({ images: [], attributes: [] }),
  price: lenient(price),
  quantity: lenient(z.number()),
  totalPrice: lenient(money),
  discountedPricePerQuantity,
  lineItemMode: lenientText,
});
export type LineItem = z.infer<typeof lineItem>;

export const customLineItem = z.looseObject({
  id: lenientText,
  name: lenientNames,
  quantity: lenient(z.number()),
  totalPrice: lenient(money),
  discountedPricePerQuantity,
});

const paymentReference = z.looseObject({ typeId: lenientText, id: lenientText });
/** A malformed list counts as one reference without an id, so that Refunded Order reports it. */
export const paymentInfo = z
  .looseObject({ payments: z.array(paymentReference).default([]) })
  .optional()
  .catch({ payments: [{}] });

export const orderSchema = z.looseObject({
  ...stored,
  completedAt: lenientText,
  orderNumber: text.optional(),
  customerId: text.optional(),
  customerEmail: email.optional(),
  orderState: text,
  shipmentState: lenientText,
  paymentState: lenientText,
  totalPrice: money,
  lineItems: z.array(lineItem).default([]),
  customLineItems: z.array(customLineItem).default([]).catch([]),
  billingAddress: lenient(orderAddress),
  shippingAddress: lenient(orderAddress),
  discountCodes: lenient(z.array(z.looseObject({ discountCode: reference }))),
  discountOnTotalPrice: lenient(z.looseObject({ discountedAmount: money })),
  paymentInfo,
  shippingInfo,
  shipping: lenient(z.array(z.looseObject({ shippingInfo }))),
  returnInfo: lenient(z.array(returnInfo)),
  custom: lenient(customFields),
});
export type Order = z.infer<typeof orderSchema>;

const shippingDetails = lenient(
  z.object({
    shippingMethodName: lenientText,
    price: lenient(money),
    discountedPrice: lenient(z.object({ value: lenient(money) })),
  }),
);
/** Fields of an order that only `order.properties.details` and `order.value` read; a malformed one counts as absent. */
export const orderDetailsSchema = z.object({
  taxedPrice: lenient(z.object({ totalNet: lenient(money), totalGross: lenient(money), totalTax: lenient(money) })),
  shippingInfo: shippingDetails,
  shipping: lenient(z.array(lenient(z.object({ shippingInfo: shippingDetails })))),
  locale: lenientText,
  store: lenient(z.object({ key: text })),
  customerGroup: lenient(reference),
});
export type OrderDetails = z.infer<typeof orderDetailsSchema>;

const stateReference = lenient(reference);
/** Pieces of a line item by their state. */
const lineStates = lenient(z.array(z.object({ state: stateReference })));
const lineWithStates = z.object({ id: lenientText, state: lineStates });
/** The states of your own workflow in which an order and its lines are. Only `order.workflow` reads them. */
export const orderStatesSchema = z.object({
  state: stateReference,
  lineItems: z.array(lineWithStates).default([]).catch([]),
  customLineItems: z.array(lineWithStates).default([]).catch([]),
});

/** Fields of an order that decide which of the orders of a payment is the first. */
export const paidOrderSchema = z.object({ id: text, createdAt: text, paymentInfo });
export type PaidOrder = z.infer<typeof paidOrderSchema>;

const transaction = z.looseObject({
  id: text,
  /** Authorization, CancelAuthorization, Charge, Refund or Chargeback. */
  type: text,
  /** Initial, Pending, Success or Failure. */
  state: text,
  amount: money,
  timestamp: text.optional(),
});
export type Transaction = z.infer<typeof transaction>;

export const paymentSchema = z.looseObject({
  ...stored,
  transactions: z.array(transaction).default([]),
  paymentMethodInfo: lenient(z.looseObject({ name: lenient(localized), method: lenientText })),
});
export type Payment = z.infer<typeof paymentSchema>;

/** Resources of a bulk sync, by their path in the API. */
export const bulkResources = ['customers', 'orders', 'categories', 'products', 'carts'] as const;
export type BulkResource = (typeof bulkResources)[number];
