/** Storefront and back-office actions. Each one is a few HTTP requests. */
import { z } from 'zod';
import type { JournalEntry } from './journal.ts';
import { type ShopApi, versioned } from './shop-api.ts';

const signedUp = z.object({ customer: versioned });
const cents = z.object({ centAmount: z.number(), currencyCode: z.string() });
const orderShape = versioned.extend({
  totalPrice: cents,
  orderState: z.string(),
  customerId: z.string().optional(),
  paymentInfo: z.object({ payments: z.array(z.object({ id: z.string() })) }).optional(),
});
const customerShape = versioned.extend({ addresses: z.array(z.object({ id: z.string() })) });
const paymentShape = versioned.extend({
  amountPlanned: cents,
  transactions: z.array(z.object({ id: z.string(), type: z.string(), state: z.string(), amount: cents })),
});

export interface PostalAddress {
  readonly country: string;
  readonly city?: string;
  readonly streetName?: string;
  readonly postalCode?: string;
  readonly mobile?: string;
}

/** Registers a customer. */
export async function register(
  api: ShopApi,
  {
    email,
    firstName,
    lastName,
    address,
  }: { email: string; firstName: string; lastName: string; address?: PostalAddress | undefined },
): Promise<JournalEntry> {
  const home =
    address === undefined ? {} : { addresses: [address], defaultBillingAddress: 0, defaultShippingAddress: 0 };
  const draft = { email, firstName, lastName, password: 'sandbox-only', ...home };
  const { customer } = await api.post('customers', draft, signedUp);
  const description = `a customer registers ${address === undefined ? 'without' : 'with'} an address`;
  return { action: 'register', description, ids: { customer: customer.id } };
}

/** Changes a customer's last name. */
export async function changeName(
  api: ShopApi,
  { customer, lastName }: { customer: string; lastName: string },
): Promise<JournalEntry> {
  await update(api, `customers/${customer}`, [{ action: 'setLastName', lastName }]);
  return { action: 'changeName', description: 'a customer changes the name', ids: { customer } };
}

/** Changes a customer's first address, or adds one and makes it the default billing address. */
export async function changeAddress(
  api: ShopApi,
  { customer, address }: { customer: string; address: PostalAddress },
): Promise<JournalEntry> {
  const { addresses } = await api.get(`customers/${customer}`, customerShape);
  const [first] = addresses;
  if (first === undefined) {
    await update(api, `customers/${customer}`, [{ action: 'addAddress', address }]);
    const added = (await api.get(`customers/${customer}`, customerShape)).addresses.at(-1);
    await update(api, `customers/${customer}`, [{ action: 'setDefaultBillingAddress', addressId: added?.id }]);
  } else {
    await update(api, `customers/${customer}`, [{ action: 'changeAddress', addressId: first.id, address }]);
  }
  return { action: 'changeAddress', description: 'a customer moves', ids: { customer } };
}

/** Creates a cart and an order, for a customer or a guest with an e-mail address. */
export async function buy(
  api: ShopApi,
  {
    customer,
    email,
    lines,
    orderNumber,
  }: {
    customer?: string | undefined;
    email: string;
    lines: readonly { sku: string; quantity: number }[];
    orderNumber: string;
  },
): Promise<JournalEntry> {
  const address = { country: 'DE', city: 'Leipzig', postalCode: '04109', streetName: 'Markt' };
  const cart = await api.post(
    'carts',
    {
      currency: 'EUR',
      country: 'DE',
      customerEmail: email,
      ...(customer === undefined ? {} : { customerId: customer }),
      inventoryMode: 'ReserveOnOrder',
      lineItems: lines,
      billingAddress: address,
      shippingAddress: address,
    },
    versioned,
  );
  const method = { shippingMethodName: 'Parcel', shippingRate: { price: { currencyCode: 'EUR', centAmount: 490 } } };
  const actions = [{ action: 'setCustomShippingMethod', ...method }];
  const { version } = await api.post(`carts/${cart.id}`, { version: cart.version, actions }, versioned);
  const draft = { cart: { typeId: 'cart', id: cart.id }, version, orderNumber };
  const order = await api.post('orders', draft, versioned);
  const description = `a ${customer === undefined ? 'guest' : 'customer'} orders ${lines.length} line(s)`;
  return { action: 'buy', description, ids: { order: order.id, ...(customer === undefined ? {} : { customer }) } };
}

/** Changes the state of an order. */
export async function moveOrder(
  api: ShopApi,
  { order, to }: { order: string; to: 'Confirmed' | 'Complete' | 'Cancelled' },
): Promise<JournalEntry> {
  await update(api, `orders/${order}`, [{ action: 'changeOrderState', orderState: to }]);
  return { action: `order${to}`, description: `an order becomes ${to}`, ids: { order } };
}

/** Creates a payment with a charge and adds it to the order. */
export async function pay(api: ShopApi, { order }: { order: string }): Promise<JournalEntry> {
  const { totalPrice } = await api.get(`orders/${order}`, orderShape);
  const { centAmount, currencyCode } = totalPrice;
  const amount = { centAmount, currencyCode };
  const timestamp = new Date().toISOString();
  const transactions = [{ type: 'Charge', amount, state: 'Success', timestamp }];
  const payment = await api.post('payments', { amountPlanned: amount, transactions }, versioned);
  await update(api, `orders/${order}`, [{ action: 'addPayment', payment: { typeId: 'payment', id: payment.id } }]);
  return { action: 'pay', description: 'an order is paid', ids: { order, payment: payment.id } };
}

/** Refunds a share (0 to 1) of an order's first payment. `Pending` refunds are settled later. */
export async function refund(
  api: ShopApi,
  { order, share, state }: { order: string; share: number; state: 'Success' | 'Pending' },
): Promise<JournalEntry> {
  const { paymentInfo } = await api.get(`orders/${order}`, orderShape);
  const payment = paymentInfo?.payments[0]?.id;
  if (payment === undefined) throw new Error(`order ${order} has no payment`);
  const { amountPlanned } = await api.get(`payments/${payment}`, paymentShape);
  const centAmount = Math.max(1, Math.floor(amountPlanned.centAmount * share));
  const transaction = {
    type: 'Refund',
    amount: { centAmount, currencyCode: amountPlanned.currencyCode },
    state,
    timestamp: new Date().toISOString(),
  };
  await update(api, `payments/${payment}`, [{ action: 'addTransaction', transaction }]);
  const refundId = (await api.get(`payments/${payment}`, paymentShape)).transactions.at(-1)?.id ?? '';
  const description = state === 'Success' ? 'part of an order is refunded' : 'a refund is on its way';
  return { action: 'refund', description, ids: { order, payment, transaction: refundId } };
}

/** Settles a pending refund. */
export async function settleRefund(
  api: ShopApi,
  { order, payment, transaction }: { order: string; payment: string; transaction: string },
): Promise<JournalEntry> {
  const action = { action: 'changeTransactionState', transactionId: transaction, state: 'Success' };
  await update(api, `payments/${payment}`, [action]);
  return { action: 'settleRefund', description: 'a refund arrives', ids: { order, payment, transaction } };
}

/** Assigns a guest order to a customer. */
export async function claim(
  api: ShopApi,
  { order, customer }: { order: string; customer: string },
): Promise<JournalEntry> {
  await update(api, `orders/${order}`, [{ action: 'setCustomerId', customerId: customer }]);
  return { action: 'claim', description: 'a guest order gets its customer', ids: { order, customer } };
}

/** Sends update actions with the current version. */
export async function update(api: ShopApi, path: string, actions: readonly Record<string, unknown>[]): Promise<void> {
  const { version } = await api.get(path, versioned);
  await api.post(path, { version, actions }, versioned);
}
