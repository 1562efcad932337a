/**
 * What may differ from a calm run, and why: an event is recorded once, as its order and its products were when it was
 * sent; a calm run sends it when all is over. Whatever does not change after an order was placed may not differ.
 */
import { z } from 'zod';
import type { JournalEntry } from '../../sandbox/shop/actors/journal.ts';
import type { Allowed, State } from './state.ts';

/** Fields of an order that move on with it. */
const orderStatePaths =
  /^properties\.(version|lastModifiedAt|orderState|paymentState|paymentInfo|customerId|shipmentState|shippingInfo\.deliveries|returnInfo|ShipmentStatus|\$extra)\b/;
/** The product's categories and brand when the order was sent; see docs/mapping.md. */
const productPaths = /^properties\.(Categories|Items|Brands|ProductBrand)$/;
/** A message has the time of its change; one that is read later finds what changed since. */
const laterEvent =
  /^event (Fulfilled Order|Cancelled Order|Refunded Order|Confirmed Shipment|Fulfilled Partial Order|Delivered Shipment|Return Requested|Return Received) /;
/** The event of a delivery is sent when it is added, and gets its tracking numbers afterwards. */
const partialFulfilment = /^event Fulfilled Partial Order /;
const trackingPaths = /^properties\.Tracking\w+$/;
/** What a message says and what the order says of one moment. */
const maxTimeDifferenceMs = 60_000;
const placedSchema = z.object({
  profile: z.string(),
  properties: z.object({ lineItems: z.array(z.object({ id: z.string() })), customerEmail: z.string().optional() }),
});

/**
 * @param baseline the run without faults: it names the profiles of live orders, whose location depends on which order is
 * delivered last. Whose a guest order is that was assigned to a customer with another e-mail is not promised
 * (docs/delivery.md), nor which e-mail and location those profiles have.
 */
export function allowedDifferences(journal: readonly JournalEntry[], baseline: State): Allowed {
  const ordersOf = (action?: string) =>
    new Set(journal.flatMap((done) => (action === undefined || done.action === action ? (done.ids.order ?? []) : [])));
  const [live, claimed] = [ordersOf(), ordersOf('claim')];
  const movers = new Set(
    journal.flatMap(({ action, ids }) => (action === 'changeAddress' ? [`profile ${ids.customer}`] : [])),
  );
  const catalogChanged = journal.some(({ ids }) => ids.product !== undefined || ids.category !== undefined);
  const orderByLine = new Map<string, string>();
  const guests = new Set<string>();
  const claimers = new Set(
    journal.flatMap(({ action, ids }) => (action === 'claim' ? [`profile ${ids.customer}`] : [])),
  );
  const moved = new Set<string>();
  for (const order of live) {
    const placed = placedSchema.safeParse(baseline.records.get(`event Placed Order ${order}`)?.[0]).data;
    for (const { id } of placed?.properties.lineItems ?? []) orderByLine.set(id, order);
    moved.add(`profile ${placed?.profile}`);
    if (claimed.has(order)) guests.add(`profile ${placed?.properties.customerEmail?.toLowerCase()}`);
  }
  const orderOf = (key: string) => {
    const id = key.split(' ').at(-1)?.split(':')[0] ?? '';
    return orderByLine.get(id) ?? id;
  };
  const profileDiffers = (key: string, path: string, one: unknown) => {
    // A phone number that a customer has no more stays.
    if (path === 'phone_number') return one === undefined && movers.has(key);
    if (path === 'email') return claimers.has(key);
    return path.startsWith('location') && (moved.has(key) || claimers.has(key));
  };
  return {
    absent: (key) => guests.has(key),
    several: (key) => claimed.has(orderOf(key)),
    differs(key, path, one, other) {
      if (key.startsWith('profile ')) return profileDiffers(key, path, one);
      if (!key.startsWith('event ')) return false;
      if (path === 'profile' || path === 'properties.OrderEmail') return claimed.has(orderOf(key));
      if (productPaths.test(path)) return catalogChanged && orderFields(one) === orderFields(other);
      if (!live.has(orderOf(key))) return false;
      if (path === 'time') return laterEvent.test(key) && timeDifferenceMs(one, other) < maxTimeDifferenceMs;
      if (trackingPaths.test(path)) return partialFulfilment.test(key);
      return orderStatePaths.test(path);
    },
  };
}

function timeDifferenceMs(one: unknown, other: unknown): number {
  return Math.abs(Date.parse(String(one)) - Date.parse(String(other)));
}

/** What of it is the order's own. */
function orderFields(value: unknown): string {
  if (!Array.isArray(value) || value.every((one) => typeof one === 'string')) return '';
  return JSON.stringify(value, (name, inner) => (name === 'Categories' || name === 'Brand' ? undefined : inner));
}
