/** Generates orders with payments: most of customers, some of guests, a few refunded. */
import type { Customer, LineItem, Order, Payment, Product, Transaction } from '@commercetools/platform-sdk';
import { IDS } from './base-data.ts';
import { address, lineItem, money, order, payment, transaction } from './builders.ts';
import { fulfilmentOf, shippingMethod } from './fulfilment.ts';
import { idOf, type Random } from './random.ts';

export interface SeededOrders {
  readonly orders: readonly Order[];
  readonly payments: readonly Payment[];
}

const STATES = ['Open', 'Open', 'Open', 'Open', 'Confirmed', 'Confirmed', 'Complete', 'Complete', 'Cancelled'] as const;

/** Returns `count` orders of the given customers and products. */
export function seedOrders(
  random: Random,
  count: number,
  shop: { readonly customers: readonly Customer[]; readonly products: readonly Product[] },
): SeededOrders {
  const sellable = shop.products.filter(({ priceMode }) => priceMode !== 'Standalone');
  const created = Array.from({ length: count }, (_, index) =>
    createOrder(random, index, { ...shop, products: sellable }),
  );
  return { orders: created.map((entry) => entry.order), payments: created.flatMap((entry) => entry.payments) };
}

function createOrder(
  random: Random,
  index: number,
  shop: { readonly customers: readonly Customer[]; readonly products: readonly Product[] },
): { order: Order; payments: Payment[] } {
  const orderNumber = `order-${index + 1}`;
  const id = idOf(`order/${orderNumber}`);
  const createdAt = random.instant(100, 1000);
  const orderState = random.pick(STATES);
  const [buyer] = random.chance(0.85) ? random.pickSome(shop.customers, 1) : [];
  const lineItems = random
    .pickSome(shop.products, random.between(1, 4))
    .map((product) => createLineItem(random, product, orderNumber));
  const moved = Date.parse(createdAt) + random.between(1, 240) * 3_600_000;
  const lastModifiedAt = orderState === 'Open' ? createdAt : new Date(moved).toISOString();
  const home = buyer?.addresses[0] ?? address({ id: `${orderNumber}-home` });
  const draft = order({
    id,
    orderNumber,
    version: orderState === 'Open' ? 1 : 3,
    createdAt,
    lastModifiedAt,
    orderState,
    lineItems,
    billingAddress: home,
    shippingAddress: home,
    customerEmail: buyer?.email ?? `guest-${index + 1}@guests.example`,
    ...(buyer === undefined ? { anonymousId: idOf(`visit/${orderNumber}`) } : { customerId: buyer.id }),
    ...(buyer?.locale === undefined ? {} : { locale: buyer.locale }),
    ...shopOf(index, lineItems[0]?.totalPrice.currencyCode ?? 'EUR'),
    ...(orderState === 'Complete' ? fulfilmentOf(index, { orderNumber, lineItems, at: lastModifiedAt }) : {}),
    ...(buyer?.customerGroup === undefined ? {} : { customerGroup: buyer.customerGroup }),
    ...(orderState === 'Complete' ? { shipmentState: 'Delivered', paymentState: 'Paid' } : {}),
    ...(random.chance(0.1)
      ? { discountCodes: [{ discountCode: { typeId: 'discount-code', id: IDS.welcomeCode }, state: 'MatchesCart' }] }
      : {}),
  });
  if (random.chance(0.1)) return { order: draft, payments: [] };
  const paid = createPayment(random, draft);
  const payments = [{ typeId: 'payment' as const, id: paid.id }];
  return { order: { ...draft, paymentInfo: { payments } }, payments: [paid] };
}

/** By index, so that the random sequence stays the same. */
function shopOf(index: number, currency: string): Partial<Order> {
  return {
    ...(index % 2 === 0 ? { shippingInfo: shippingMethod(currency) } : {}),
    ...(index % 3 === 0 ? { store: { typeId: 'store' as const, key: index % 2 === 0 ? 'berlin' : 'paris' } } : {}),
  };
}

function createLineItem(random: Random, product: Product, orderNumber: string): LineItem {
  const { current } = product.masterData;
  const variant = current.masterVariant;
  const [chosen] = variant.prices ?? [];
  const value = chosen?.value ?? money(1999);
  return lineItem({
    id: idOf(`line/${orderNumber}/${product.key}`),
    productId: product.id,
    ...(product.key === undefined ? {} : { productKey: product.key }),
    name: current.name,
    productSlug: current.slug,
    productType: product.productType,
    variant,
    quantity: random.between(1, 3),
    unitCents: value.centAmount,
    currency: value.currencyCode,
    ...(chosen === undefined ? {} : { price: chosen }),
    state: [{ quantity: 1, state: { typeId: 'state', id: IDS.lineState } }],
  });
}

function createPayment(random: Random, { orderNumber = '', createdAt, totalPrice, customerId }: Order): Payment {
  const key = `payment-of-${orderNumber}`;
  const createTransaction = (name: string, fields: Partial<Transaction>) =>
    transaction({ id: idOf(`transaction/${key}/${name}`), timestamp: createdAt, amount: totalPrice, ...fields });
  const refundAmount = money(Math.max(1, Math.floor(totalPrice.centAmount / 3)), totalPrice.currencyCode);
  const transactions = [
    createTransaction('authorization', { type: 'Authorization' }),
    createTransaction('charge', { type: 'Charge' }),
    ...(random.chance(0.12) ? [createTransaction('refund', { type: 'Refund', amount: refundAmount })] : []),
  ];
  return payment({
    id: idOf(`payment/${key}`),
    key,
    createdAt,
    lastModifiedAt: createdAt,
    amountPlanned: totalPrice,
    transactions,
    ...(customerId === undefined ? {} : { customer: { typeId: 'customer' as const, id: customerId } }),
  });
}
