/** Finds whose profile the events of an order belong to: the customer's account as it is now, else the order's e-mail. */
import type { Shop, ShopOrder } from './read-shop.ts';

/** Returns the shop with the account's e-mail in each order; `orderEmail` keeps the order's own. */
export function withBuyers(shop: Shop): Shop {
  const customers = new Map(shop.customers.map((customer) => [customer.id, customer]));
  const orders = shop.orders.map((order): ShopOrder => {
    const { customerEmail, customerId, ...others } = order;
    const customer = customers.get(customerId ?? '');
    const own = customerEmail === undefined ? {} : { orderEmail: customerEmail };
    if (customer === undefined) return { ...others, ...own, ...(customerEmail === undefined ? {} : { customerEmail }) };
    const email = customer.email === '' ? customerEmail : customer.email;
    return { ...others, ...own, customerId: customer.id, ...(email === undefined ? {} : { customerEmail: email }) };
  });
  return { ...shop, orders };
}
