/** Facts of the order rules: the order, its products as they are now, its payments and its discount codes. */
import { z } from 'zod';
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Message } from '../../commercetools/messages.ts';
import {
  emailSchema,
  type Order,
  type OrderedProduct,
  orderSchema,
  type Payment,
} from '../../commercetools/schemas.ts';
import type { EventOrder } from '../../klaviyo/change.ts';
import type { LookupScope } from '../../klaviyo/profile-lookups.ts';
import { LookupUnavailable } from '../../lib/errors.ts';
import { customFieldInfo } from '../custom-field-info.ts';
import type { CustomFieldInfo } from '../fields/readable.ts';
import { present } from '../fields/text.ts';
import { loadShopNames, type ShopNames } from '../shop-names.ts';
import {
  type Cause,
  type EvaluationContext,
  type FactsLoader,
  isCausedBy,
  minVersionOf,
  originOf,
  type Rule,
  type RuleContext,
  type Skip,
  type Subjects,
} from '../types.ts';
import type { EmailCorrection } from './email-correction.ts';
import { findOrderProfile, placedOrderOf } from './find-order-profile.ts';
import { firstOrder } from './first-order.ts';
import { mayLocate } from './location.ts';
import { orderDate } from './order-date.ts';
import { namedIn, sendsDetails } from './order-details.ts';
import type { OrderProfile } from './order-profile.ts';
import { hasRefund } from './refunds.ts';
import { type StateKeys, stateKeysOf } from './workflow-states.ts';

type LookupContext = Pick<EvaluationContext, 'lookups' | 'cause'>;
type ProfileContext = Pick<EvaluationContext<OrderNeed>, 'lookups' | 'profiles' | 'settings' | 'cause' | 'at'>;

export interface OrderSubject {
  order: Order;
  /** The message contained the order as it was when the message was written. An order that was read may be newer. */
  embedded: boolean;
  /** OrderCustomerEmailSet: the e-mail that the order had before. */
  formerEmail?: string;
}

export interface OrderFacts extends OrderSubject {
  /** Products by id. Deleted products are missing. */
  products: ReadonlyMap<string, OrderedProduct>;
  categories: CategoryTree;
  /**
   * Payments in the sequence of the order. `undefined` stands for a deleted payment or one without a readable id. Empty
   * unless a rule needs `payments`.
   */
  payments: readonly (Payment | undefined)[];
  /**
   * Id of the order that refunds a payment, by the payment's id: the first of all orders with this payment. Only payments with
   * a refund that counts are in it, and only if a rule needs `payments`.
   */
  refundingOrders: ReadonlyMap<string, string>;
  /** Discount codes as customers enter them. Empty unless a rule needs `discountCodes`. */
  discountCodes: readonly string[];
  /** Loaded only for `order.customFields.values: readable` and `order.reasonField`. */
  customFieldInfo: CustomFieldInfo;
  /** Names of the order's group and store. Loaded only for `order.properties.details`. */
  shopNames: ShopNames;
  /** How the first payment is made. Loaded only for `order.properties.details`. */
  paymentMethod: Payment['paymentMethodInfo'];
  /** Keys of states by id; deleted states are missing. Empty unless a rule needs `stateKeys`. */
  stateKeys: StateKeys;
  /** What the former e-mail of a corrected guest order is. Absent unless a rule needs `emailCorrection`. */
  correction?: EmailCorrection | 'forbidden' | undefined;
  /** The profile that the order's events belong to, or why there is none. */
  profile: OrderProfile | Skip;
  cause: Cause;
  at: Date;
}

/** Optional facts, loaded only for rules that need them. */
export type OrderNeed = 'payments' | 'discountCodes' | 'emailCorrection' | 'stateKeys';

export type OrderRule = Rule<OrderFacts, OrderNeed>;

export const orderFacts: FactsLoader<OrderSubject, OrderFacts, OrderNeed> = {
  typeId: 'order',
  schema: orderSchema.transform((order) => ({ order, embedded: false })),
  refOf: ({ order: { id, version } }) => ({ typeId: 'order', id, version }),
  fromMessage,
  customerIdOf: ({ order }) => order.customerId,
  async load(subject, context) {
    const { cause, at, needs, settings, lookups } = context;
    const readable = settings.order.customFields.values === 'readable';
    const fieldNeeds = { type: readable || settings.order.reasonField !== '', names: readable };
    const profileLookup = profileOfOrder(subject.order, context);
    profileLookup.catch(() => undefined);
    // Awaited first: where commercetools refuses everything, its own errors say what an operator has to fix.
    const [{ products, categories }, payments, discountCodes, fieldInfo, shopNames] = await Promise.all([
      productsOf(subject.order, context),
      needs.has('payments') ? paymentsOf(subject.order, context) : [],
      needs.has('discountCodes') ? discountCodesOf(subject.order, context) : [],
      customFieldInfo(subject.order.custom, fieldNeeds, lookups),
      loadShopNames(namedIn(subject.order, settings), context),
    ]);
    const paymentMethod = sendsDetails(settings) ? await paymentMethodOf(subject.order, payments, context) : undefined;
    const [profile, correction, refundingOrders, stateKeys] = await Promise.all([
      profileLookup,
      needs.has('emailCorrection') ? correctionOf(subject, context) : undefined,
      refundingOrdersOf(subject.order, payments, context),
      needs.has('stateKeys') ? stateKeysOf(subject.order, context) : new Map<string, string>(),
    ]);
    return {
      ...subject,
      ...{ products, categories, payments, refundingOrders, discountCodes, profile, correction, cause, at },
      ...{ customFieldInfo: fieldInfo, shopNames, paymentMethod, stateKeys },
    };
  },
};

/** For so long after a message, a query may not show an order that was created shortly before. */
const maxQueryLagMs = 60_000;

/**
 * Whether the payment has a refund that would be lost if a query does not show its new order yet. Without a refund nothing is
 * lost: the order's own message reads its payments.
 */
async function mayNotShowOrder(message: Message, { lookups, cause, at, settings }: RuleContext): Promise<boolean> {
  if (at.getTime() - Date.parse(message.createdAt) > maxQueryLagMs) return false;
  const payment = await lookups.payment(message.resource.id, minVersionOf(cause, message.resource));
  return payment !== undefined && hasRefund(payment, settings);
}

async function fromMessage(message: Message, context: RuleContext): Promise<Subjects<OrderSubject>> {
  const { lookups, cause } = context;
  if (message.resource.typeId === 'payment') {
    const orders = await lookups.ordersOfPayment(message.resource.id);
    if (orders.length === 0 && (await mayNotShowOrder(message, context)))
      throw new LookupUnavailable('commercetools does not show the order of a refunded payment yet');
    if (orders.length === 0) return { skip: 'no order has this payment' };
    return { subjects: orders.map((order) => ({ order, embedded: false })) };
  }
  const embedded = message.payload?.order;
  if (embedded !== undefined) return { subjects: [{ order: orderSchema.parse(embedded), embedded: true }] };
  const order = await lookups.order(message.resource.id, minVersionOf(cause, message.resource));
  const former =
    message.type === 'OrderCustomerEmailSet' ? emailSchema.safeParse(message.payload?.oldEmail).data : undefined;
  const formerEmail = present(former);
  const subject = { embedded: false, ...(formerEmail === undefined ? {} : { formerEmail }) };
  return order ? { subjects: [{ order, ...subject }] } : { skip: 'the order no longer exists' };
}

function profileOfOrder(
  order: Order,
  { lookups, profiles, settings, cause, at }: ProfileContext,
): Promise<OrderFacts['profile']> {
  const origin = originOf(cause);
  const email = present(order.customerEmail);
  const toFind = {
    ...eventOrderOf(order),
    isCustomerSet: isCausedBy(cause, 'OrderCustomerSet') && email !== undefined,
    hasLocation: mayLocate({ order, cause, at }, settings),
  };
  const scope: LookupScope = origin.type === 'run' ? { lane: 'bulk', run: origin.runId } : { lane: 'realtime' };
  return findOrderProfile(toFind, { lookups, profiles, settings }, scope);
}

async function correctionOf(
  { order, formerEmail }: OrderSubject,
  { lookups, profiles, settings }: ProfileContext,
): Promise<OrderFacts['correction']> {
  if (formerEmail === undefined || present(order.customerId) !== undefined) return undefined;
  const scope: LookupScope = { lane: 'realtime', fresh: true };
  const newEmail = present(order.customerEmail);
  const [former, taken, customers, hasOtherOrder] = await Promise.all([
    profiles.byEmail(formerEmail, scope),
    newEmail === undefined ? undefined : profiles.byEmail(newEmail, scope),
    lookups.customersWithEmail(formerEmail).catch(orForbidden),
    lookups.hasOtherOrder(formerEmail, order.id).catch(orForbidden),
  ]);
  if (former === 'forbidden' || taken === 'forbidden' || customers === 'forbidden' || hasOtherOrder === 'forbidden')
    return 'forbidden';
  if (!former.profile) return undefined;
  const profile = await profiles.details(former.profile.id);
  if (!profile || profile === 'forbidden') return profile;
  const placedOrder = placedOrderOf(order, settings);
  const isOrderOnProfile =
    profile.eventIds.includes(order.id) ||
    (profile.hasMoreEvents && placedOrder !== undefined && (await profiles.hasEvent(profile.id, placedOrder, scope)));
  return {
    profile,
    isOrderOnProfile,
    isNewEmailTaken: taken?.profile !== undefined && taken.profile.id !== profile.id,
    hasCustomer: customers.length > 0,
    hasOtherOrder,
  };
}

function orForbidden(thrown: unknown): 'forbidden' {
  if (thrown instanceof Error && 'type' in thrown && thrown.type === 'forbidden') return thrown.type;
  throw thrown;
}

/** Returns the fields of the order that its profile depends on. */
export function eventOrderOf(order: Order): EventOrder {
  const { id, customerId, customerEmail, createdAt, completedAt } = order;
  return {
    ...{ id, customerId: present(customerId), customerEmail: present(customerEmail) },
    ...{ createdAt, completedAt, placedAt: orderDate(order) },
  };
}

/** Returns the products of the line items, and the category tree with their categories. */
export async function productsOf(
  order: Pick<Order, 'lineItems'>,
  { lookups, cause }: LookupContext,
): Promise<Pick<OrderFacts, 'products' | 'categories'>> {
  const ids = new Set(order.lineItems.map(({ productId }) => productId).filter((id) => id !== undefined));
  const found = await Promise.all(
    [...ids].map((id) => lookups.orderedProduct(id, minVersionOf(cause, { typeId: 'product', id }))),
  );
  const products = new Map(found.filter((product) => product !== undefined).map((product) => [product.id, product]));
  const knowing = [...products.values()].flatMap(({ masterData }) => masterData.current.categories.map(({ id }) => id));
  return { products, categories: await lookups.categories({ knowing: [...new Set(knowing)] }) };
}

function paymentsOf(order: Order, { lookups, cause }: LookupContext): Promise<(Payment | undefined)[]> {
  const references = order.paymentInfo?.payments ?? [];
  return Promise.all(
    references.map(async ({ id }) =>
      id === undefined ? undefined : lookups.payment(id, minVersionOf(cause, { typeId: 'payment', id })),
    ),
  );
}

/** A payment that can't be read costs the event only this property. */
async function paymentMethodOf(
  order: Order,
  payments: readonly (Payment | undefined)[],
  { lookups, cause }: LookupContext,
): Promise<Payment['paymentMethodInfo']> {
  const id = order.paymentInfo?.payments[0]?.id;
  if (id === undefined) return undefined;
  const known = payments.find((payment) => payment?.id === id);
  if (known) return known.paymentMethodInfo;
  try {
    return (await lookups.payment(id, minVersionOf(cause, { typeId: 'payment', id })))?.paymentMethodInfo;
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError)) orForbidden(thrown);
    return undefined;
  }
}

async function refundingOrdersOf(
  order: Order,
  payments: readonly (Payment | undefined)[],
  { lookups, settings }: Pick<EvaluationContext, 'lookups' | 'settings'>,
): Promise<Map<string, string>> {
  const refunded = payments
    .filter((payment) => payment !== undefined)
    .filter((payment) => hasRefund(payment, settings));
  const first = await Promise.all(
    refunded.map(async ({ id }): Promise<[string, string]> => {
      // A query may not show this order yet.
      const orders = [...(await lookups.paidOrders(id)), order];
      return [id, firstOrder(orders)?.id ?? order.id];
    }),
  );
  return new Map(first);
}

async function discountCodesOf(order: Order, { lookups, cause }: LookupContext): Promise<string[]> {
  const ids = (order.discountCodes ?? []).map(({ discountCode }) => discountCode.id);
  const codes = await Promise.all(
    ids.map((id) => lookups.discountCode(id, minVersionOf(cause, { typeId: 'discount-code', id }))),
  );
  return codes.filter((code) => code !== undefined);
}
