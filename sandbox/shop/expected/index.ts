/**
 * What Klaviyo must hold after full bulk syncs and live messages, worked out from plain reads of commercetools by the
 * rules of the documentation and independently of the connector. Settings: defaults, PREFERRED_LOCALE=en,
 * PREFERRED_CURRENCY=EUR, PRODUCT_URL_TEMPLATE=https://shop.example/p/{{productSlug}}.
 */

import type { JournalEntry } from '../actors/journal.ts';
import type { ShopApi } from '../actors/shop-api.ts';
import {
  type ExpectedItem,
  type ExpectedVariant,
  expectedCategories,
  expectedItems,
  expectedVariants,
} from './catalog.ts';
import { bulkEvents, type ExpectedEvent, liveEvents, mergeEvents } from './events.ts';
import { countProfiles, type ExpectedProfile, expectedProfiles } from './profiles.ts';
import { readShop } from './read-shop.ts';

export interface ExpectOptions {
  /** What shopper and editor did while the connector listened. */
  readonly journal?: readonly JournalEntry[];
  /** False when no bulk sync ran: only events of the journal are expected. */
  readonly bulk?: boolean;
  /** Which prices hold depends on the time. */
  readonly now?: Date;
}

export interface Expected {
  /** By metric and unique_id. */
  readonly events: ReadonlyMap<string, ExpectedEvent>;
  readonly profileCount: number;
  /** Those whose fields do not depend on the order of writing. */
  readonly profiles: readonly ExpectedProfile[];
  /** Orders that came in live move the location of their buyer. */
  readonly movedByOrders: ReadonlySet<string>;
  readonly items: readonly ExpectedItem[];
  readonly variants: readonly ExpectedVariant[];
  readonly categories: ReadonlyMap<string, string>;
}

/** Reads the shop and works out what Klaviyo must hold. */
export async function expectedOf(api: ShopApi, options: ExpectOptions = {}): Promise<Expected> {
  const { journal = [], bulk = true, now = new Date() } = options;
  const shop = await readShop(api);
  const live = liveEvents(shop, journal);
  // Live first: their time is the message's, not what a later bulk run would work out.
  const events = mergeEvents(live, bulk ? bulkEvents(shop) : []);
  const movedByOrders = new Set(
    live.flatMap(({ email, customerId }) => [email?.toLowerCase() ?? '', customerId ?? '']),
  );
  const claimed = new Set(journal.filter(({ action }) => action === 'claim').map(({ ids }) => ids.order));
  const guests = shop.orders.flatMap(({ id, customerEmail }) => (claimed.has(id) ? (customerEmail ?? []) : []));
  return {
    events,
    profileCount: countProfiles(shop, events.values(), guests),
    profiles: expectedProfiles(shop, events.values()),
    movedByOrders,
    items: expectedItems(shop, now),
    variants: expectedVariants(shop, now),
    categories: expectedCategories(shop),
  };
}
