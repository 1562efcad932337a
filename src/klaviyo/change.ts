/**
 * Defines changes and receipts as plain data. A change describes the desired state in Klaviyo; its attribute names are those
 * of Klaviyo's API. https://developers.klaviyo.com/en/reference/api_overview (revision 2026-07-15)
 */

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export interface JsonObject {
  [key: string]: JsonValue;
}

/** A profile's address. Always written completely, with empty strings, so that no part of an older address remains. */
export interface Location {
  address1: string;
  address2: string;
  city: string;
  country: string;
  region: string;
  zip: string;
}

/** The profile of an event. At least one of the identifiers is set. */
export interface ProfileIdentity {
  /** Klaviyo's own id of an existing profile. */
  id?: string;
  email?: string;
  external_id?: string;
  /** E.164. */
  phone_number?: string;
  /** The exchange id that links in Klaviyo's mails bring along. */
  _kx?: string;
  /** The id that Klaviyo's web tracking gave a browser. */
  anonymous_id?: string;
  location?: Location;
}

/** A profile to upsert: an absent attribute is left unchanged, `null` clears it. */
export interface Profile {
  email: string;
  /** Absent when another customer with the same e-mail has the profile's id. */
  external_id?: string;
  first_name?: string | null;
  last_name?: string | null;
  organization?: string | null;
  title?: string | null;
  /** E.164. */
  phone_number?: string | null;
  /** BCP 47, language and country. */
  locale?: string;
  location?: Location | null;
  properties?: JsonObject;
}

/** A catalog category. `external_id` is the id in commercetools; `name` is the breadcrumb. */
export interface CatalogCategory {
  external_id: string;
  name: string;
}

/** Attributes of both items and variants. Prices in major units. */
interface Sellable {
  external_id: string;
  title: string;
  description: string;
  url: string;
  image_full_url: string | null;
  published: boolean;
  /** Flat, string values only. */
  custom_metadata: Record<string, string>;
}

export interface CatalogItem extends Sellable {
  price: number | null;
}

export interface CatalogVariant extends Sellable {
  sku: string;
  price: number;
  inventory_quantity: number;
  inventory_policy: InventoryPolicy;
}

/** 1 hides a variant from recommendations when it is out of stock; 0 and 2 do not. */
export type InventoryPolicy = 0 | 1 | 2;

/** The order of an event, as far as its profile depends on it. */
export interface EventOrder {
  id: string;
  customerId?: string | undefined;
  customerEmail?: string | undefined;
  /** ISO 8601. */
  createdAt: string;
  completedAt?: string | undefined;
  /** The date that the order counts from; ISO 8601. */
  placedAt: string;
}

export interface EventChange {
  type: 'event';
  metric: string;
  /** Klaviyo records one event per profile, metric and unique_id. */
  uniqueId: string;
  /** ISO 8601. */
  time: string;
  /** Major units of `currency`. */
  value?: number;
  /** ISO 4217. */
  currency?: string;
  profile: ProfileIdentity;
  /** The order that the event is about; never sent. Of several orders the newest gives a profile its location. */
  order?: EventOrder;
  /** The profile was looked up for the order: it is looked up again if Klaviyo rejects it. */
  isProfileLookedUp?: boolean;
  properties: JsonObject;
  /** Recorded without triggering flows, in every lane. */
  backfill?: boolean;
}

/** The profile that has the events of an order whose e-mail was corrected. It is remembered, and may get the new e-mail. */
export interface OrderProfileChange {
  type: 'order-profile';
  orderId: string;
  /** Klaviyo's id. */
  profileId: string;
  /** The new e-mail of the profile; absent: it keeps its own. */
  email?: string;
}

export interface ProfileChange {
  type: 'profile';
  /** The customer's id, also when `profile.external_id` is absent. */
  customerId: string;
  profile: Profile;
  /** Resolution when the e-mail belongs to one profile and the external_id to another. */
  identityConflict: IdentityConflict;
  /** Looks up the e-mail's profile first and gives it this external_id, unless another profile has it. */
  emailFirst: boolean;
  /**
   * Keeps the names of the written properties in the profile. `unset` also unsets those that were written before and are not
   * among the properties now; `add` leaves them.
   */
  writtenNames?: 'add' | 'unset';
  /** Properties that `writtenNames` leaves out, so that they are never unset. */
  unlistedNames?: readonly string[];
  /** Names of properties to unset. Set by the writer. */
  unset?: readonly string[];
}

/** `email` writes to the e-mail's profile without changing ids; `merge` merges both into it; `reject` rejects the change. */
export type IdentityConflict = 'email' | 'merge' | 'reject';

export interface CategoryChange {
  type: 'category';
  category: CatalogCategory;
}

/** The item with exactly these variants and categories. The sink creates, updates and deletes variants accordingly. */
export interface ItemChange {
  type: 'item';
  item: CatalogItem;
  variants: CatalogVariant[];
  /** The item's categories and all of their ancestors. Those that Klaviyo lacks are created before the item. */
  categories: CatalogCategory[];
}

/** The total stock of a sku. Skipped when Klaviyo has no variant with this sku. */
export interface StockChange {
  type: 'stock';
  sku: string;
  quantity: number;
  policy: InventoryPolicy;
}

/** Deletes a record. Klaviyo deletes an item's variants with it. */
export interface DeleteChange {
  type: 'delete';
  recordType: 'category' | 'item';
  externalId: string;
  /** Deletes an item also while another product has the sku of one of its variants. */
  evenIfSold?: true;
}

/** Erases the profile that has the customer's id as external_id, with its personal data. */
export interface ErasureChange {
  type: 'erasure';
  customerId: string;
}

/** The desired state of one record in Klaviyo, or an event. Idempotent. */
export type Change =
  | EventChange
  | OrderProfileChange
  | ProfileChange
  | CategoryChange
  | ItemChange
  | StockChange
  | DeleteChange
  | ErasureChange;

export type ChangeKind = Change['type'];

/**
 * A change with its place in this process's order of reads. `readSeq` is taken before the oldest read that the change is
 * mapped from; of several pending changes to a record the highest `readSeq` wins. `origin` belongs to the caller: what to
 * store about the change while a job contains it.
 */
export type SequencedChange<Origin = unknown> = Change & { readSeq: number; origin?: Origin };

/** A part that was left out, or an automatic decision; without personal data. */
export interface Warning {
  code: string;
  detail: string;
}

export type Receipt =
  /** `settled`: acknowledged early, when Klaviyo had accepted a job; resolves with the receipt after the job has ended. */
  (
    | {
        outcome: 'delivered';
        settled?: Promise<Receipt>;
        /** Variants whose stock rose from 0, or would without `keepStock`: Klaviyo then sends back-in-stock messages. */
        raisedFromZero?: number;
        /** Properties that were unset because the customer no longer has them (`customer.clearInBulk`). */
        unsetProperties?: number;
      }
    /** Rejected permanently. `detail` is Klaviyo's own, without personal data; `field` is a JSON pointer. */
    | {
        outcome: 'rejected';
        code: string;
        detail: string;
        field?: string;
        /** Klaviyo's id of this error, which its support asks for. */
        errorId?: string;
      }
    /** Not applicable, for example the stock of a variant that Klaviyo does not have. */
    | { outcome: 'skipped'; reason: string }
    /** An exception in this process. */
    | { outcome: 'failed'; error: Error }
    /** Retry later. `actionRequired`: an operator must fix credentials. */
    | { outcome: 'unavailable'; reason: string; retryAfterMs?: number; actionRequired?: boolean }
  ) & { warnings?: Warning[] };
