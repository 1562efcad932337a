/** Builders of realistic commercetools records with overridable fields: `order({ customerEmail: 'a@example.com' })`. */
import { randomUUID } from 'node:crypto';
import type {
  BaseAddress,
  CentPrecisionMoney,
  Customer,
  CustomLineItem,
  LineItem,
  Order,
  Payment,
  ProductVariant,
  Transaction,
} from '@commercetools/platform-sdk';
import { money } from './money.ts';
import { idOf } from './random.ts';
import { baseFields, DEFAULT_TIMESTAMP } from './record-base.ts';

export { category, inventoryEntry, price, product, productData, standalonePrice, variant } from './catalog-builders.ts';
export { highPrecision, money } from './money.ts';

export function address(fields: Partial<BaseAddress> = {}): BaseAddress {
  return {
    id: 'adr-1',
    firstName: 'Ada',
    lastName: 'Berg',
    streetName: 'Torstraße',
    streetNumber: '12',
    postalCode: '10119',
    city: 'Berlin',
    country: 'DE',
    ...fields,
  };
}

const HOME = {
  defaultBillingAddressId: 'adr-1',
  billingAddressIds: ['adr-1'],
  defaultShippingAddressId: 'adr-1',
  shippingAddressIds: ['adr-1'],
};

/** Builds a customer with one address and a unique e-mail address. */
export function customer(fields: Partial<Customer> = {}): Customer {
  const own = baseFields();
  return {
    ...own,
    email: `${fields.key ?? fields.id ?? own.id}@example.com`,
    firstName: 'Ada',
    lastName: 'Berg',
    // Callers that pass addresses also pass their roles.
    ...(fields.addresses === undefined ? HOME : { billingAddressIds: [], shippingAddressIds: [] }),
    addresses: [address()],
    isEmailVerified: false,
    customerGroupAssignments: [],
    stores: [],
    authenticationMode: 'Password',
    ...fields,
  };
}

/** Builds a line item. */
export function lineItem(fields: Partial<LineItem> & { unitCents?: number; currency?: string } = {}): LineItem {
  const { unitCents = 1999, currency = 'EUR', ...given } = fields;
  const quantity = given.quantity ?? 1;
  const value = money(unitCents, currency);
  const total = given.totalPrice ?? money(unitCents * quantity, currency);
  const bought: ProductVariant = { id: 1, sku: 'SKU-1', attributes: [], images: [], assets: [], prices: [] };
  return {
    id: randomUUID(),
    productId: randomUUID(),
    name: { en: 'Shirt', 'de-DE': 'Hemd' },
    productSlug: { en: 'shirt', 'de-DE': 'hemd' },
    productType: { typeId: 'product-type', id: idOf('product-type/clothing') },
    variant: bought,
    price: { id: idOf('price/default'), value },
    quantity,
    totalPrice: total,
    discountedPricePerQuantity: [],
    taxedPrice: { ...taxed(total), taxPortions: [] },
    taxedPricePortions: [],
    state: [{ quantity, state: { typeId: 'state', id: idOf('state/line-initial') } }],
    taxRate: { name: '19% incl.', amount: 0.19, includedInPrice: true, country: 'DE', id: 'tax-de', subRates: [] },
    perMethodTaxRate: [],
    priceMode: 'Platform',
    lineItemMode: 'Standard',
    addedAt: DEFAULT_TIMESTAMP,
    lastModifiedAt: DEFAULT_TIMESTAMP,
    ...given,
  };
}

/** Builds a line item without a product, such as gift wrapping. */
export function customLineItem(
  fields: Partial<CustomLineItem> & { cents?: number; currency?: string } = {},
): CustomLineItem {
  const { cents = 300, currency = 'EUR', ...given } = fields;
  const quantity = given.quantity ?? 1;
  return {
    id: randomUUID(),
    name: { en: 'Gift wrapping', 'de-DE': 'Geschenkpapier' },
    money: money(cents, currency),
    totalPrice: money(cents * quantity, currency),
    slug: 'gift-wrapping',
    quantity,
    state: [],
    taxedPricePortions: [],
    perMethodTaxRate: [],
    discountedPricePerQuantity: [],
    priceMode: 'Standard',
    ...given,
  };
}

/** Builds an open guest order with one line item. Total and tax are computed from the lines and shipping. */
export function order(fields: Partial<Order> = {}): Order {
  const lineItems = fields.lineItems ?? [lineItem()];
  const customLineItems = fields.customLineItems ?? [];
  const shipping = fields.shippingInfo === undefined ? [] : [fields.shippingInfo.price];
  const lines = [...[...lineItems, ...customLineItems].map((line) => line.totalPrice), ...shipping];
  const currency = lines[0]?.currencyCode ?? 'EUR';
  const total =
    fields.totalPrice ??
    money(
      lines.reduce((sum, money) => sum + money.centAmount, 0),
      currency,
    );
  return {
    ...baseFields(),
    lineItems,
    customLineItems,
    totalPrice: total,
    taxedPrice: { ...taxed(total), taxPortions: [{ rate: 0.19, amount: taxed(total).totalTax, name: '19% incl.' }] },
    priceRoundingMode: 'HalfEven',
    taxMode: 'Platform',
    taxRoundingMode: 'HalfEven',
    taxCalculationMode: 'LineItemLevel',
    inventoryMode: 'None',
    billingAddress: address(),
    shippingAddress: address(),
    shippingMode: 'Single',
    shipping: [],
    discountCodes: [],
    directDiscounts: [],
    refusedGifts: [],
    itemShippingAddresses: [],
    origin: 'Customer',
    orderState: 'Open',
    syncInfo: [],
    returnInfo: [],
    ...fields,
  };
}

/** Builds a card payment with one successful charge. */
export function payment(fields: Partial<Payment> = {}): Payment {
  const amountPlanned = fields.amountPlanned ?? money(1999);
  return {
    ...baseFields(),
    amountPlanned,
    paymentMethodInfo: { paymentInterface: 'sandbox-psp', method: 'card', name: { en: 'Card' } },
    paymentStatus: {},
    transactions: [transaction({ amount: amountPlanned })],
    interfaceInteractions: [],
    ...fields,
  };
}

/** Builds a successful charge. */
export function transaction(fields: Partial<Transaction> = {}): Transaction {
  return {
    id: randomUUID(),
    type: 'Charge',
    amount: money(1999),
    state: 'Success',
    timestamp: DEFAULT_TIMESTAMP,
    ...fields,
  };
}

/** Returns the net, gross and tax amounts of a price that includes 19 % tax. */
function taxed(gross: CentPrecisionMoney): {
  totalNet: CentPrecisionMoney;
  totalGross: CentPrecisionMoney;
  totalTax: CentPrecisionMoney;
} {
  const net = Math.round(gross.centAmount / 1.19);
  const tax = gross.centAmount - net;
  const { currencyCode } = gross;
  return { totalNet: money(net, currencyCode), totalGross: gross, totalTax: money(tax, currencyCode) };
}
