/** What the rules of an order may look at: the order, its products as they are now, its payments and discount codes. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Message } from '../../commercetools/messages.ts';
import { type Order, type OrderedProduct, orderSchema, type Payment } from '../../commercetools/schemas.ts';
import type { Cause, EvaluationContext, FactsLoader, Subjects } from '../types.ts';

export interface OrderRoot {
  order: Order;
  /** It came inside the message, as it was when the message was written; one that was read may have moved on. */
  embedded: boolean;
}

export interface OrderFacts extends OrderRoot {
  /** By product id; one that is gone is not in it. */
  products: ReadonlyMap<string, OrderedProduct>;
  categories: CategoryTree;
  /** In the order's own order, one that is gone as `undefined`; empty unless a rule needs `payments`. */
  payments: readonly (Payment | undefined)[];
  /** What customers typed; empty unless a rule needs `discountCodes`. */
  discountCodes: readonly string[];
  cause: Cause;
  at: Date;
}

export const orderFacts: FactsLoader<OrderRoot, OrderFacts> = {
  typeId: 'order',
  schema: orderSchema.transform((order) => ({ order, embedded: false })),
  refOf: ({ order: { id, version } }) => ({ typeId: 'order', id, version }),
  fromMessage,
  async load(root, { lookups, cause, at, needs }) {
    const [{ products, categories }, payments, discountCodes] = await Promise.all([
      productsOf(root.order, lookups),
      needs.has('payments') ? paymentsOf(root.order, lookups) : [],
      needs.has('discountCodes') ? discountCodesOf(root.order, lookups) : [],
    ]);
    return { ...root, products, categories, payments, discountCodes, cause, at };
  },
};

async function fromMessage(
  message: Message,
  { lookups }: Omit<EvaluationContext, 'needs'>,
): Promise<Subjects<OrderRoot>> {
  if (message.resource.typeId === 'payment') {
    const orders = await lookups.ordersOfPayment(message.resource.id);
    if (orders.length === 0) return { skip: 'no order has this payment' };
    return { subjects: orders.map((order) => ({ order, embedded: false })) };
  }
  const embedded = message.payload?.order;
  if (embedded !== undefined) return { subjects: [{ order: orderSchema.parse(embedded), embedded: true }] };
  const order = await lookups.order(message.resource.id);
  return order ? { subjects: [{ order, embedded: false }] } : { skip: 'the order is gone' };
}

async function productsOf(
  order: Order,
  lookups: EvaluationContext['lookups'],
): Promise<Pick<OrderFacts, 'products' | 'categories'>> {
  const ids = [...new Set(order.lineItems.map(({ productId }) => productId))];
  const found = await Promise.all(ids.map((id) => lookups.orderedProduct(id)));
  const products = new Map(found.filter((product) => product !== undefined).map((product) => [product.id, product]));
  const knowing = [...products.values()].flatMap(({ masterData }) => masterData.current.categories.map(({ id }) => id));
  return { products, categories: await lookups.categories({ knowing: [...new Set(knowing)] }) };
}

function paymentsOf(order: Order, lookups: EvaluationContext['lookups']): Promise<(Payment | undefined)[]> {
  return Promise.all((order.paymentInfo?.payments ?? []).map(({ id }) => lookups.payment(id)));
}

async function discountCodesOf(order: Order, lookups: EvaluationContext['lookups']): Promise<string[]> {
  const ids = (order.discountCodes ?? []).map(({ discountCode }) => discountCode.id);
  const codes = await Promise.all(ids.map((id) => lookups.discountCode(id)));
  return codes.filter((code) => code !== undefined);
}
