/** Computes the expected events of carts that were left. A cart that became an order may have been sent before. */
import { createHash } from 'node:crypto';
import type { JournalEntry } from '../actors/journal.ts';
import type { ExpectedEvent } from './events.ts';
import { toMajorUnits } from './format.ts';
import type { Shop, ShopCart } from './read-shop.ts';

const metrics: ReadonlySet<string> = new Set(['Added to Cart', 'Started Checkout']);

/** Returns the events of the carts of the journal: each line, and the checkout that an e-mail or an address started. */
export function cartEvents({ carts }: Shop, journal: readonly JournalEntry[]): ExpectedEvent[] {
  const left = new Set(journal.map(({ ids }) => ids.cart));
  return carts.filter(({ id }) => left.has(id)).flatMap(eventsOf);
}

/** Returns whether an event is about one of these carts, or about no cart. */
export function isExpectedCart(
  { metric, unique_id: uniqueId }: { metric: string; unique_id: string | null },
  expected: Iterable<ExpectedEvent>,
): boolean {
  if (!metrics.has(metric)) return true;
  const cartOf = (id: string | null) => id?.split(':')[0];
  return [...expected].some((event) => metrics.has(event.metric) && cartOf(event.uniqueId) === cartOf(uniqueId));
}

function eventsOf(cart: ShopCart): ExpectedEvent[] {
  const { id, lineItems, totalPrice, customerEmail, customerId } = cart;
  const shared = {
    ...{ value: toMajorUnits(totalPrice), currency: totalPrice.currencyCode },
    ...{ email: customerEmail, customerId, orderEmail: undefined },
  };
  const added = lineItems.map(
    (line): ExpectedEvent => ({
      metric: 'Added to Cart',
      uniqueId: `${id}:${line.id}`,
      time: line.addedAt,
      ...shared,
    }),
  );
  if (customerId !== undefined && cart.shippingAddress === undefined) return added;
  const content = lineItems.map((line) => `${line.id}:${line.quantity}`).sort();
  const hash = createHash('sha256').update(content.join('\n')).digest('hex').slice(0, 12);
  return [...added, { metric: 'Started Checkout', uniqueId: `${id}:${hash}`, time: undefined, ...shared }];
}
