/** Recent orders, from which checks see how a shop uses commercetools. */
import { z } from 'zod';
import { type Order, orderSchema } from '../../commercetools/schemas.ts';
import type { CheckDeps } from './finding.ts';

const dayMs = 86_400_000;
const days = 30;
const maxOrders = 500;
const listed = z.object({ results: z.array(z.unknown()) });

/** Returns the latest orders that can have an event, newest first; none if they can't be read. */
export async function recentOrders({ commercetools }: Pick<CheckDeps, 'commercetools'>, now: Date): Promise<Order[]> {
  const query = {
    ...{ limit: maxOrders, withTotal: false, sort: 'createdAt desc' },
    ...{ where: 'createdAt >= :since', 'var.since': new Date(now.getTime() - days * dayMs).toISOString() },
  };
  const body = await commercetools.get('orders', query).catch(() => undefined);
  const { results = [] } = listed.safeParse(body).data ?? {};
  const orders = results.flatMap((record) => orderSchema.safeParse(record).data ?? []);
  return orders.filter(({ customerEmail, customerId }) => Boolean(customerEmail ?? customerId));
}
