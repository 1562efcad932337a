/** Records of a generated shop. Each is a pure function of its number, so nothing is stored. */

/** Number of records per resource. */
export interface ShopSize {
  customers: number;
  orders: number;
  products: number;
  /** Percentage of orders with another e-mail than their customer. */
  differingEmails?: number | undefined;
}

const variantsEach = 3;
const categoryCount = 50;
const productsInOrders = 2_000;
const createdTime = '2024-03-15T08:00:00.000Z';

/** Returns a UUID. UUIDs ascend with their numbers and are spread evenly over the id space. */
export function idOf(number: number, total: number): string {
  const head = Math.floor(((number + 0.5) / total) * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
  return `${head}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** Returns the number of an id made by `idOf`. */
export function numberOf(id: string): number {
  return Number.parseInt(id.slice(-12), 16);
}

const stored = (id: string) => ({ id, version: 4, createdAt: createdTime, lastModifiedAt: createdTime });
const text = (words: number) => Array.from({ length: words }, (_, index) => `word${index}`).join(' ');
const longText = text(40);
const money = (centAmount: number) => ({ type: 'centPrecision', currencyCode: 'EUR', centAmount, fractionDigits: 2 });

function addressOf(number: number) {
  return {
    id: `a${number}`,
    firstName: 'Mia',
    lastName: `Muster ${number}`,
    streetName: 'Lange Straße',
    streetNumber: String(number % 200),
    postalCode: '10115',
    city: 'Berlin',
    country: 'DE',
    mobile: `+49151${String(20_000_000 + (number % 9_999_999)).padStart(8, '0')}`,
    email: `person.${number}@shop.example`,
  };
}

export function customer(number: number, { customers }: ShopSize) {
  const address = addressOf(number);
  return {
    ...stored(idOf(number, customers)),
    customerNumber: `C${number}`,
    email: `person.${number}@shop.example`,
    firstName: 'Mia',
    lastName: `Muster ${number}`,
    companyName: 'Muster GmbH',
    password: '****8s=',
    addresses: [address, { ...addressOf(number + 1), id: `b${number}` }],
    defaultBillingAddressId: address.id,
    defaultShippingAddressId: address.id,
    billingAddressIds: [address.id],
    shippingAddressIds: [address.id],
    isEmailVerified: true,
    stores: [],
    authenticationMode: 'Password',
    custom: { type: { typeId: 'type', id: idOf(1, 10) }, fields: { loyaltyLevel: 'gold', points: number % 1_000 } },
  };
}

export function skuOf(product: number, variant: number): string {
  return `SKU-${product}-${variant}`;
}

function category(number: number) {
  const parent = number % 5 === 0 ? undefined : { typeId: 'category', id: idOf(number - (number % 5), categoryCount) };
  return {
    ...stored(idOf(number, categoryCount)),
    key: `category-${number}`,
    name: { en: `Category ${number}`, de: `Kategorie ${number}` },
    slug: { en: `category-${number}` },
    ancestors: parent ? [parent] : [],
    ...(parent ? { parent } : {}),
    orderHint: '0.5',
    assets: [],
  };
}

export const categories = Array.from({ length: categoryCount }, (_, number) => category(number));

function variantOf(product: number, variant: number) {
  return {
    id: variant + 1,
    sku: skuOf(product, variant),
    prices: [{ id: `p${product}-${variant}`, value: money(1_000 + (product % 500) * 10) }],
    images: [{ url: `https://cdn.shop.example/${product}/${variant}.jpg`, dimensions: { w: 1_400, h: 1_400 } }],
    attributes: [
      { name: 'brand', value: 'Nordwind' },
      { name: 'size', value: { key: 'm', label: 'M' } },
      { name: 'material', value: { en: 'Cotton', de: 'Baumwolle' } },
    ],
    assets: [],
  };
}

export function product(number: number, total: number) {
  const variants = Array.from({ length: variantsEach }, (_, variant) => variantOf(number, variant));
  const [masterVariant, ...others] = variants;
  const current = {
    name: { en: `Product ${number}`, de: `Produkt ${number}` },
    description: { en: longText, de: longText },
    slug: { en: `product-${number}`, de: `produkt-${number}` },
    categories: [{ typeId: 'category', id: idOf(number % categoryCount, categoryCount) }],
    categoryOrderHints: {},
    masterVariant,
    variants: others,
    attributes: [],
    searchKeywords: {},
  };
  return {
    ...stored(idOf(number, total)),
    key: `product-${number}`,
    productType: { typeId: 'product-type', id: idOf(1, 10) },
    masterData: { published: true, hasStagedChanges: false, current, staged: current },
    priceMode: 'Embedded',
    taxCategory: { typeId: 'tax-category', id: idOf(1, 10) },
    lastVariantId: variantsEach,
  };
}

export function inventoryEntry(sku: string, quantity: number) {
  return {
    ...stored(entryIdOf(sku)),
    // At least that of every message, as when queries are current.
    version: 1_000_000,
    sku,
    quantityOnStock: quantity,
    availableQuantity: quantity,
  };
}

/** Returns an inventory entry id that encodes the SKU, so that entries need no storage. */
export function entryIdOf(sku: string): string {
  return `00000000-0000-4000-9000-${Buffer.from(sku).toString('hex').padStart(12, '0')}`;
}

/** Returns the SKU encoded in an id made by `entryIdOf`. */
export function skuOfEntry(id: string): string {
  return Buffer.from(id.slice('00000000-0000-4000-9000-'.length).replace(/^0+/, ''), 'hex').toString();
}

function lineItem(order: number, line: number, size: ShopSize) {
  const number = (order * 7 + line * 13) % Math.min(productsInOrders, size.products);
  const variant = variantOf(number, line % variantsEach);
  const [price] = variant.prices;
  return {
    id: idOf(order, size.orders).replace('-0000-', `-${String(line + 1).padStart(4, '0')}-`),
    productId: idOf(number, size.products),
    productKey: `product-${number}`,
    name: { en: `Product ${number}`, de: `Produkt ${number}` },
    productSlug: { en: `product-${number}`, de: `produkt-${number}` },
    productType: { typeId: 'product-type', id: idOf(1, 10), version: 1 },
    variant,
    price,
    quantity: 1 + (line % 2),
    totalPrice: money(2_000),
    taxedPrice: { totalNet: money(1_681), totalGross: money(2_000), totalTax: money(319) },
    taxRate: { name: 'VAT', amount: 0.19, includedInPrice: true, country: 'DE', id: 'vat', subRates: [] },
    discountedPricePerQuantity: [],
    perMethodTaxRate: [],
    state: [{ quantity: 1, state: { typeId: 'state', id: idOf(2, 10) } }],
    priceMode: 'Platform',
    lineItemMode: 'Standard',
    addedAt: createdTime,
    lastModifiedAt: createdTime,
  };
}

/** Returns an order with three to five line items; about 20 KB of events. */
export function order(number: number, size: ShopSize) {
  const lines = 3 + (number % 3);
  const who = number % Math.max(1, size.customers);
  const name = number % 100 < (size.differingEmails ?? 0) ? 'other' : 'person';
  return {
    ...stored(idOf(number, size.orders)),
    orderNumber: `O-${number}`,
    customerId: idOf(who, Math.max(1, size.customers)),
    customerEmail: `${name}.${who}@shop.example`,
    orderState: 'Open',
    shipmentState: 'Pending',
    paymentState: 'Paid',
    totalPrice: money(2_000 * lines),
    taxedPrice: {
      totalNet: money(1_681 * lines),
      totalGross: money(2_000 * lines),
      taxPortions: [],
      totalTax: money(319),
    },
    taxMode: 'Platform',
    lineItems: Array.from({ length: lines }, (_, line) => lineItem(number, line, size)),
    customLineItems: [],
    billingAddress: addressOf(who),
    shippingAddress: addressOf(who),
    shippingMode: 'Single',
    shippingInfo: {
      shippingMethodName: 'Standard',
      price: money(490),
      taxCategory: { typeId: 'tax-category', id: idOf(1, 10) },
    },
    discountCodes: [],
    directDiscounts: [],
    refusedGifts: [],
    returnInfo: [],
    syncInfo: [],
    origin: 'Customer',
    itemShippingAddresses: [],
  };
}
