/** Queryable fields that carts and orders share. */
import {
  ADDRESS,
  CENT_MONEY,
  CUSTOM,
  each,
  fields,
  KEY_REFERENCE,
  MONEY,
  PRICE,
  REFERENCE,
  VARIANT,
} from './field-shapes.ts';

export const TAX_RATE = fields('id key name amount includedInPrice country state', { subRates: fields('name amount') });
const TAXED_PRICE = {
  ...each('totalNet totalGross totalTax', CENT_MONEY),
  taxPortions: fields('name rate', { amount: CENT_MONEY }),
};
const DISCOUNTED_PRICE = {
  value: MONEY,
  includedDiscounts: { discount: REFERENCE, discountedAmount: MONEY },
};
/** What line items and custom line items share. */
const ITEM = {
  ...CUSTOM,
  ...fields('id key quantity priceMode'),
  name: 'any' as const,
  totalPrice: CENT_MONEY,
  taxRate: TAX_RATE,
  taxedPrice: TAXED_PRICE,
  taxedPricePortions: fields('shippingMethodKey', { taxedPrice: TAXED_PRICE }),
  perMethodTaxRate: fields('shippingMethodKey', { taxRate: TAX_RATE }),
  discountedPricePerQuantity: fields('quantity', { discountedPrice: DISCOUNTED_PRICE }),
  state: fields('quantity', { state: REFERENCE }),
  shippingDetails: fields('valid', { targets: fields('addressKey quantity shippingMethodKey') }),
};
const LINE_ITEM = {
  ...ITEM,
  ...fields('productId productKey lineItemMode inventoryMode addedAt lastModifiedAt'),
  ...each('productType supplyChannel distributionChannel reservation', REFERENCE),
  productSlug: 'any' as const,
  price: PRICE,
  variant: VARIANT,
  recurrenceInfo: fields('priceSelectionMode', { recurrencePolicy: REFERENCE }),
};
const CUSTOM_LINE_ITEM = {
  ...ITEM,
  ...fields('slug'),
  money: MONEY,
  taxCategory: REFERENCE,
  recurrenceInfo: { recurrencePolicy: REFERENCE },
};
const DELIVERY_ITEMS = { items: fields('id quantity') };
const SHIPPING_INFO = fields('shippingMethodName shippingMethodState', {
  ...each('taxCategory shippingMethod', REFERENCE),
  price: CENT_MONEY,
  shippingRate: fields('isMatching', { ...each('price freeAbove', CENT_MONEY), tiers: 'any' }),
  taxRate: TAX_RATE,
  taxedPrice: TAXED_PRICE,
  discountedPrice: DISCOUNTED_PRICE,
  estimatedDelivery: fields('from until'),
  deliveries: fields('id key createdAt', {
    ...CUSTOM,
    ...DELIVERY_ITEMS,
    address: ADDRESS,
    parcels: fields('id key createdAt', {
      ...CUSTOM,
      ...DELIVERY_ITEMS,
      measurements: fields('heightInMillimeter lengthInMillimeter widthInMillimeter weightInGram'),
      trackingData: fields('trackingId carrier provider providerTransaction isReturn'),
    }),
  }),
});
/** What carts and orders share. */
export const CART_OR_ORDER = {
  ...CUSTOM,
  ...each('store businessUnit', KEY_REFERENCE),
  ...each('customerGroup refusedGifts', REFERENCE),
  ...each('billingAddress shippingAddress itemShippingAddresses', ADDRESS),
  ...each('taxedPrice taxedShippingPrice', TAXED_PRICE),
  ...each('shippingRateInput discountTypeCombination directDiscounts', 'any'),
  lineItems: LINE_ITEM,
  customLineItems: CUSTOM_LINE_ITEM,
  totalPrice: CENT_MONEY,
  discountOnTotalPrice: {
    ...each('discountedAmount discountedNetAmount discountedGrossAmount', MONEY),
    includedDiscounts: { discount: REFERENCE, discountedAmount: MONEY },
  },
  discountCodes: fields('state', { discountCode: REFERENCE }),
  paymentInfo: { payments: REFERENCE },
  shippingInfo: SHIPPING_INFO,
  shippingCustomFields: CUSTOM.custom,
  shipping: fields('shippingKey', {
    shippingInfo: SHIPPING_INFO,
    shippingAddress: ADDRESS,
    shippingRateInput: 'any',
    shippingCustomFields: CUSTOM.custom,
  }),
};
export const CART_OR_ORDER_VALUES = `customerId customerEmail anonymousId purchaseOrderNumber country locale origin taxMode
  taxRoundingMode taxCalculationMode priceRoundingMode inventoryMode shippingMode shippingKey`;
