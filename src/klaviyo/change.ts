/**
 * What shall be true in Klaviyo, as plain data in Klaviyo's own words: attribute names are those of its API.
 * https://developers.klaviyo.com/en/reference/api_overview (revision 2026-07-15)
 */

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export interface JsonObject {
  [key: string]: JsonValue;
}

/** A profile's place. It is always written whole: empty text where there is nothing, so that half an old one never stays. */
export interface Location {
  address1: string;
  address2: string;
  city: string;
  country: string;
  region: string;
  zip: string;
}

/** Whom an event is about. At least one of the two identifiers is there. */
export interface ProfileIdentity {
  email?: string;
  external_id?: string;
  location?: Location;
}

/** A profile as create-or-update takes it: an absent attribute is left alone, `null` clears it. */
export interface Profile {
  email: string;
  /** Absent where another customer with the same e-mail carries the id. */
  external_id?: string;
  first_name?: string | null;
  last_name?: string | null;
  organization?: string | null;
  title?: string | null;
  /** E.164. */
  phone_number?: string;
  /** BCP 47, language and country. */
  locale?: string;
  location?: Location;
  properties?: JsonObject;
}

/** A catalogue category. `external_id` is commercetools' id; `name` the breadcrumb. */
export interface Category {
  external_id: string;
  name: string;
}

/** What items and variants have in common. Prices in major units. */
interface Sellable {
  external_id: string;
  title: string;
  description: string;
  url: string;
  image_full_url: string | null;
  published: boolean;
  /** Flat; values are texts. */
  custom_metadata: Record<string, string>;
}

export interface Item extends Sellable {
  price: number | null;
}

export interface Variant extends Sellable {
  sku: string;
  price: number;
  inventory_quantity: number;
  inventory_policy: InventoryPolicy;
}

/** 1 hides what is out of stock from recommendations; 0 and 2 do not. */
export type InventoryPolicy = 0 | 1 | 2;

export interface EventChange {
  type: 'event';
  /** The metric's name. */
  metric: string;
  /** Klaviyo records one event for each profile, metric and unique_id. */
  uniqueId: string;
  /** ISO 8601. */
  time: string;
  /** Major units of `currency`. */
  value?: number;
  /** ISO 4217. */
  currency?: string;
  profile: ProfileIdentity;
  properties: JsonObject;
  /** Recorded, but wakes no flow, whatever lane it travels in. */
  backfill?: boolean;
}

export interface ProfileChange {
  type: 'profile';
  /** The customer, also where `profile.external_id` is left out. */
  customerId: string;
  profile: Profile;
  /** What to do when the e-mail belongs to one profile and the id to another. */
  identityConflict: IdentityConflict;
  /** Look for the e-mail's profile first, and give it this id unless another profile holds it. */
  emailFirst: boolean;
}

/** `email`: write to the e-mail's profile and leave ids alone; `merge` both into the e-mail's; `reject`: a dead letter. */
export type IdentityConflict = 'email' | 'merge' | 'reject';

export interface CategoryChange {
  type: 'category';
  category: Category;
}

/** The item with exactly these variants and categories: the sink finds what to add, change, delete. */
export interface ItemChange {
  type: 'item';
  item: Item;
  variants: Variant[];
  /** The item's categories and their ancestors, each after its own ancestors; one that Klaviyo lacks is created first. */
  categories: Category[];
}

/** The whole stock of a sku. Skipped where Klaviyo has no such variant. */
export interface StockChange {
  type: 'stock';
  sku: string;
  quantity: number;
  policy: InventoryPolicy;
}

/** Shall not be there. Deleting an item deletes its variants. */
export interface DeleteChange {
  type: 'delete';
  recordType: 'category' | 'item';
  externalId: string;
}

/** One thing that shall be true in Klaviyo. Sending it twice has the effect of sending it once. */
export type Change = EventChange | ProfileChange | CategoryChange | ItemChange | StockChange | DeleteChange;

export type ChangeKind = Change['type'];

/**
 * A change with the count of this process, taken before the oldest read that it was written from began: of several
 * that wait for one record the highest `readAt` wins. `about` is the sender's own: what to remember of the change while
 * a job has it.
 */
export type SequencedChange<Origin = unknown> = Change & { readSeq: number; origin?: Origin };

/** Something that was left out or decided on the way; never personal data. */
export interface Warning {
  code: string;
  detail: string;
}

/** What became of a change. Never an exception: one that was thrown on the way is our own bug, and `failed` says so. */
export type Receipt =
  /**
   * `later`: Klaviyo has put it into a job, which may still refuse it; resolves with the last word. The caller may go on.
   */
  (
    | { outcome: 'delivered'; later?: Promise<Receipt> }
    /** Klaviyo will never take it. `detail` is Klaviyo's own, with the record's values blotted out. */
    | { outcome: 'rejected'; code: string; detail: string; field?: string }
    /** Nothing to be done, e.g. stock of a variant that Klaviyo does not know. */
    | { outcome: 'skipped'; reason: string }
    | { outcome: 'failed'; error: Error }
    /** Not now. `action-required`: the key is refused, so somebody has to act. */
    | { outcome: 'unavailable'; reason: string; retryAfterMs?: number; actionRequired?: boolean }
  ) & { warnings?: Warning[] };

/** What a change is about: of several with one key that wait together, the latest read stands for all. */
export function coalescingKey(change: Change): string {
  switch (change.type) {
    case 'event':
      return `event:${change.metric}:${change.uniqueId}`;
    case 'profile':
      return `profile:${change.customerId}`;
    case 'category':
      return `category:${change.category.external_id}`;
    case 'item':
      return `item:${change.item.external_id}`;
    case 'stock':
      return `stock:${change.sku}`;
    case 'delete':
      return `${change.recordType}:${change.externalId}`;
  }
}
