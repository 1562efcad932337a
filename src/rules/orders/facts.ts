/** Facts of the order rules: the order, its products as they are now, its payments and its discount codes. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Message } from '../../commercetools/messages.ts';
import { type Order, type OrderedProduct, orderSchema, type Payment } from '../../commercetools/schemas.ts';
import { customFieldInfo } from '../custom-field-info.ts';
import type { CustomFieldInfo } from '../fields/readable.ts';
import {
  type Cause,
  type EvaluationContext,
  type FactsLoader,
  minVersionOf,
  type Rule,
  type RuleContext,
  type Subjects,
} from '../types.ts';
import { firstOrder } from './first-order.ts';
import { hasRefund } from './refunds.ts';

type LookupContext = Pick<EvaluationContext, 'lookups' | 'cause'>;

export interface OrderSubject {
  order: Order;
  /** The message contained the order as it was when the message was written. An order that was read may be newer. */
  embedded: boolean;
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
  cause: Cause;
  at: Date;
}

/** Optional facts, loaded only for rules that need them. */
export type OrderNeed = 'payments' | 'discountCodes';

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
    const [{ products, categories }, payments, discountCodes, fieldInfo] = await Promise.all([
      productsOf(subject.order, context),
      needs.has('payments') ? paymentsOf(subject.order, context) : [],
      needs.has('discountCodes') ? discountCodesOf(subject.order, context) : [],
      customFieldInfo(subject.order.custom, fieldNeeds, lookups),
    ]);
    const refundingOrders = await refundingOrdersOf(subject.order, payments, context);
    return {
      ...subject,
      products,
      categories,
      payments,
      refundingOrders,
      discountCodes,
      customFieldInfo: fieldInfo,
      cause,
      at,
    };
  },
};

async function fromMessage(message: Message, { lookups, cause }: RuleContext): Promise<Subjects<OrderSubject>> {
  if (message.resource.typeId === 'payment') {
    const orders = await lookups.ordersOfPayment(message.resource.id);
    if (orders.length === 0) return { skip: 'no order has this payment' };
    return { subjects: orders.map((order) => ({ order, embedded: false })) };
  }
  const embedded = message.payload?.order;
  if (embedded !== undefined) return { subjects: [{ order: orderSchema.parse(embedded), embedded: true }] };
  const order = await lookups.order(message.resource.id, minVersionOf(cause, message.resource));
  return order ? { subjects: [{ order, embedded: false }] } : { skip: 'the order no longer exists' };
}

async function productsOf(
  order: Order,
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
