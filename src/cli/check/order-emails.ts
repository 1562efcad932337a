/** Counts recent orders whose e-mail is not that of their customer: what `order.identity` decides about. */
import { z } from 'zod';
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import { createLookups } from '../../commercetools/lookups/create.ts';

const maxOrders = 500;
const text = z.string().optional();
const orderList = z.object({ results: z.array(z.looseObject({ customerId: text, customerEmail: text })) });

/** @returns a line about the latest orders. @throws CommercetoolsError */
export async function describeOrderEmails(client: CommercetoolsClient): Promise<string> {
  const query = { limit: maxOrders, withTotal: false, sort: 'createdAt desc' };
  const orders = orderList.parse(await client.get('orders', query)).results;
  const { orderCustomer } = createLookups(client);
  const differing = await Promise.all(
    orders.map(async ({ customerId, customerEmail }) => {
      if (!customerId || !customerEmail) return false;
      const customer = await orderCustomer(customerId);
      if (typeof customer === 'string' || !customer.email) return false;
      return customer.email.toLowerCase() !== customerEmail.toLowerCase();
    }),
  );
  const count = differing.filter(Boolean).length;
  return `${count} of the latest ${orders.length} orders have another e-mail than their customer: the plugin gave it to the customer's profile, here it becomes OrderEmail (order.identity)`;
}
