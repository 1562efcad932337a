/** What the rules of an order may look at: the order, its products as they are now, its payments and discount codes. */
import type { CategoryTree } from '../../commercetools/lookups/category-tree.ts';
import type { Message } from '../../commercetools/messages.ts';
import { type Order, type OrderedProduct, orderSchema, type Payment } from '../../commercetools/schemas.ts';
import type { Cause, FactsKind, Reading, Roots } from '../types.ts';

export interface OrderRoot {
  order: Order;
  /** It came inside the message, as it was when the message was written; one that was read may have moved on. */
  carried: boolean;
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

export const orderFacts: FactsKind<OrderRoot, OrderFacts> = {
  typeId: 'order',
  schema: orderSchema.transform((order) => ({ order, carried: false })),
  refOf: ({ order: { id, version } }) => ({ typeId: 'order', id, version }),
  fromMessage,
  async gather(root, { look, cause, at, needs }) {
    const [{ products, categories }, payments, discountCodes] = await Promise.all([
      productsOf(root.order, look),
      needs.has('payments') ? paymentsOf(root.order, look) : [],
      needs.has('discountCodes') ? discountCodesOf(root.order, look) : [],
    ]);
    return { ...root, products, categories, payments, discountCodes, cause, at };
  },
};

async function fromMessage(message: Message, { look }: Omit<Reading, 'needs'>): Promise<Roots<OrderRoot>> {
  if (message.resource.typeId === 'payment') {
    const orders = await look.ordersOfPayment(message.resource.id);
    if (orders.length === 0) return { skip: 'no order has this payment' };
    return { roots: orders.map((order) => ({ order, carried: false })) };
  }
  const carried = message.payload?.order;
  if (carried !== undefined) return { roots: [{ order: orderSchema.parse(carried), carried: true }] };
  const order = await look.order(message.resource.id);
  return order ? { roots: [{ order, carried: false }] } : { skip: 'the order is gone' };
}

async function productsOf(order: Order, look: Reading['look']): Promise<Pick<OrderFacts, 'products' | 'categories'>> {
  const ids = [...new Set(order.lineItems.map(({ productId }) => productId))];
  const found = await Promise.all(ids.map((id) => look.orderedProduct(id)));
  const products = new Map(found.filter((product) => product !== undefined).map((product) => [product.id, product]));
  const knowing = [...products.values()].flatMap(({ masterData }) => masterData.current.categories.map(({ id }) => id));
  return { products, categories: await look.categories({ knowing: [...new Set(knowing)] }) };
}

function paymentsOf(order: Order, look: Reading['look']): Promise<(Payment | undefined)[]> {
  return Promise.all((order.paymentInfo?.payments ?? []).map(({ id }) => look.payment(id)));
}

async function discountCodesOf(order: Order, look: Reading['look']): Promise<string[]> {
  const ids = (order.discountCodes ?? []).map(({ discountCode }) => discountCode.id);
  const codes = await Promise.all(ids.map((id) => look.discountCode(id)));
  return codes.filter((code) => code !== undefined);
}
