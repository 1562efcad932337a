/**
 * Computes the expected Klaviyo state after full bulk syncs and live messages. Uses plain commercetools reads and the
 * documented rules, independently of the connector. Settings: PREFERRED_LOCALE=en, PREFERRED_CURRENCY=EUR,
 * PRODUCT_URL_TEMPLATE=https://shop.example/p/{{productSlug}}, names of customer fields, order details and ratings.
 */

import type { JournalEntry } from '../actors/journal.ts';
import type { ShopApi } from '../actors/shop-api.ts';
import { withBuyers } from './buyers.ts';
import { cartEvents } from './carts.ts';
import {
  type ExpectedItem,
  type ExpectedVariant,
  expectedCategories,
  expectedItems,
  expectedVariants,
} from './catalog.ts';
import { type ExpectedDetails, expectedDetails } from './details.ts';
import { bulkEvents, type ExpectedEvent, liveEvents, mergeEvents } from './events.ts';
import { countProfiles, type ExpectedProfile, expectedProfiles } from './profiles.ts';
import { readShop } from './read-shop.ts';

export interface ExpectOptions {
  /** Actions performed while the connector received messages. */
  readonly journal?: readonly JournalEntry[];
  /** False if no bulk sync ran; then only the events of the journal are expected. */
  readonly bulk?: boolean;
  /** Time at which price validity is evaluated. */
  readonly now?: Date;
  /** Whether the events of carts are sent. */
  readonly carts?: boolean;
}

export interface Expected {
  /** Keyed by metric and unique_id, see `eventKey`. */
  readonly events: ReadonlyMap<string, ExpectedEvent>;
  /** Properties of all events of the whole order, by order id. */
  readonly details: ReadonlyMap<string, ExpectedDetails>;
  readonly profileCount: number;
  /** Profiles whose fields do not depend on the order of writes. */
  readonly profiles: readonly ExpectedProfile[];
  /** E-mail addresses of live guest orders, which update the location of their profile. */
  readonly movedByOrders: ReadonlySet<string>;
  readonly items: readonly ExpectedItem[];
  readonly variants: readonly ExpectedVariant[];
  readonly categories: ReadonlyMap<string, string>;
}

/** Reads the shop and computes the expected Klaviyo state. */
export async function expectedOf(api: ShopApi, options: ExpectOptions = {}): Promise<Expected> {
  const { journal = [], bulk = true, now = new Date(), carts = false } = options;
  const shop = withBuyers(await readShop(api));
  const live = liveEvents(shop, journal);
  // Live events first: their time is that of the message, not the one a later bulk sync derives.
  const events = mergeEvents(live, bulk ? bulkEvents(shop) : [], carts ? cartEvents(shop, journal) : []);
  const movedByOrders = new Set(
    live.flatMap(({ email, customerId }) => (customerId === undefined ? [email?.toLowerCase() ?? ''] : [])),
  );
  const claimed = new Set(journal.filter(({ action }) => action === 'claim').map(({ ids }) => ids.order));
  const guests = shop.orders.flatMap(({ id, orderEmail }) => (claimed.has(id) ? (orderEmail ?? []) : []));
  return {
    events,
    details: expectedDetails(shop, new Set(journal.flatMap(({ ids }) => ids.order ?? []))),
    profileCount: countProfiles(shop, events.values(), guests),
    profiles: expectedProfiles(shop),
    movedByOrders,
    items: expectedItems(shop, now),
    variants: expectedVariants(shop, now),
    categories: expectedCategories(shop),
  };
}
