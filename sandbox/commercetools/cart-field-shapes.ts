/** Queryable fields that carts and orders share. */
import { ADDRESS, CUSTOM, each, fields, KEY_REFERENCE, MONEY, PRICE, REFERENCE, VARIANT } from './field-shapes.ts';

export const TAX_RATE = fields('id key name amount includedInPrice country state', { subRates: fields('name amount') });
const TAXED_PRICE = {
  ...each('totalNet totalGross totalTax', MONEY),
  taxPortions: fields('name rate', { amount: MONEY }),
};
const DISCOUNTED_PRICE = {
  value: MONEY,
  includedDiscounts: { discount: REFERENCE, discountedAmount: MONEY },
};
const ITEM = {
  ...CUSTOM,
  ...each('productType supplyChannel distributionChannel taxCategory reservation', REFERENCE),
  ...each('name productSlug', 'any'),
  ...each('money totalPrice', MONEY),
  price: PRICE,
  variant: VARIANT,
  taxRate: TAX_RATE,
  taxedPrice: TAXED_PRICE,
  taxedPricePortions: fields('shippingMethodKey', { taxedPrice: TAXED_PRICE }),
  perMethodTaxRate: fields('shippingMethodKey', { taxRate: TAX_RATE }),
  discountedPricePerQuantity: fields('quantity', { discountedPrice: DISCOUNTED_PRICE }),
  state: fields('quantity', { state: REFERENCE }),
  shippingDetails: fields('valid', { targets: fields('addressKey quantity shippingMethodKey') }),
  recurrenceInfo: fields('priceSelectionMode', { recurrencePolicy: REFERENCE }),
};
const DELIVERY_ITEMS = { items: fields('id quantity') };
const SHIPPING_INFO = fields('shippingMethodName shippingMethodState', {
  ...each('taxCategory shippingMethod', REFERENCE),
  price: MONEY,
  shippingRate: fields('isMatching', { ...each('price freeAbove', MONEY), tiers: 'any' }),
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
  lineItems: {
    ...ITEM,
    ...fields('id key productId productKey quantity priceMode lineItemMode inventoryMode addedAt lastModifiedAt'),
  },
  customLineItems: { ...ITEM, ...fields('id key slug quantity priceMode') },
  totalPrice: MONEY,
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
