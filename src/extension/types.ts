/** Types of a ctk.config.ts: hooks that change the output of built-in rules, and custom rules. */
import type { ResourceTypeId } from '../commercetools/message-types.ts';
import type { StoredCategory } from '../commercetools/schemas.ts';
import type {
  CatalogCategory,
  CatalogItem,
  CatalogVariant,
  CategoryChange,
  DeleteChange,
  EventChange,
  ItemChange,
  Profile,
} from '../klaviyo/change.ts';
import type { CategoryFacts } from '../rules/catalog/category-facts.ts';
import type { PublishedFacts } from '../rules/catalog/item-change.ts';
import type { ItemFacts } from '../rules/catalog/item-facts.ts';
import type { CustomerFacts } from '../rules/customers/facts.ts';
import type { RulesByResource } from '../rules/index.ts';
import type { OrderFacts, OrderNeed } from '../rules/orders/facts.ts';
import type { RuleSettings } from '../rules/settings.ts';
import type { Skip } from '../rules/types.ts';

export type { PublishedFacts, Skip };

/** Free-form properties. Values other than plain JSON are an error; properties beyond Klaviyo's limits are cut. */
export type Properties = Record<string, unknown>;

/** Event of a hook or custom rule. Times are ISO 8601; `value` is in major units. */
export type EventDraft = Omit<EventChange, 'type' | 'properties' | 'order' | 'isProfileLookedUp'> & {
  properties: Properties;
};
export type ProfileDraft = Omit<Profile, 'properties'> & { properties?: Properties };

/** Category and its position in the tree. */
export interface CategoryPlace {
  category: StoredCategory;
  /** Categories from the root to the category itself. */
  path: readonly StoredCategory[];
}

/** Second argument of a hook. The record of commercetools and the settings are frozen. */
export interface HookContext<Facts> {
  /** Name of the rule whose output the hook gets. */
  rule: string;
  facts: Readonly<Facts>;
  settings: Readonly<RuleSettings>;
}

/**
 * Changes or skips a record before it is sent. Must be pure and synchronous: equal arguments give equal results.
 * @returns the record to send (a new object, because the argument is frozen), or the reason why it is not sent
 */
export type Hook<Draft, Facts> = (record: Readonly<Draft>, context: HookContext<Facts>) => Draft | Skip;

export interface Hooks {
  /** Gets every event of the built-in order rules. */
  event?: Hook<EventDraft, OrderFacts>;
  profile?: Hook<ProfileDraft, CustomerFacts>;
  item?: Hook<CatalogItem, PublishedFacts>;
  variant?: Hook<CatalogVariant, PublishedFacts>;
  /** Gets the categories of the category rule and those that an item is linked to. */
  category?: Hook<CatalogCategory, CategoryPlace>;
}
export type HookName = keyof Hooks;
export const hookNames = ['event', 'profile', 'item', 'variant', 'category'] as const satisfies readonly HookName[];

/** Facts that a custom rule can use, by type id of commercetools. */
export interface FactsByResource {
  customer: CustomerFacts;
  order: OrderFacts;
  product: ItemFacts;
  category: CategoryFacts;
}
export type FactsResource = keyof FactsByResource;

export interface NeedsByResource {
  customer: never;
  order: OrderNeed;
  product: never;
  category: never;
}

interface BulkByResource {
  customer: 'customers';
  order: 'orders';
  product: 'products';
  category: 'categories';
}

/**
 * Message type, `ResourceUpdated` or `ResourceDeleted` of the rule's own resource, or a message type of a related resource.
 * Message types are any string, because commercetools adds types between two releases of this package.
 */
export type CustomTrigger = string | { resource: ResourceTypeId; type: string };

/** Change of a custom rule. Profiles can only be changed by a hook, because two rules would overwrite each other. */
export type CustomChange =
  | ({ type: 'event' } & EventDraft)
  | (Omit<ItemChange, 'categories'> & { categories?: ItemChange['categories'] })
  | CategoryChange
  | DeleteChange;

export interface CustomRule<Name extends FactsResource> {
  /** Kebab-case, and not the name of a built-in rule. */
  name: string;
  /** One sentence for explain and the dashboard. */
  summary?: string;
  /** Record in Klaviyo, such as `event Estimated Delivery Set`. */
  sends?: string;
  facts: Name;
  triggers: readonly CustomTrigger[];
  /** Bulk sync that includes the rule. Without it, the rule runs in realtime only. */
  bulk?: BulkByResource[Name];
  /** Optional facts that the rule reads. Only orders have any. */
  needs?: readonly NeedsByResource[Name][];
  /** Must be pure and synchronous. @returns the changes for Klaviyo, or the reason why nothing is sent */
  map(
    facts: Readonly<FactsByResource[Name]>,
    settings: Readonly<RuleSettings>,
  ): CustomChange | readonly CustomChange[] | Skip;
}
export type AnyCustomRule = { [Name in FactsResource]: CustomRule<Name> }[FactsResource];

/** Loaded ctk.config.ts: hooks, and custom rules that can be evaluated like built-in ones. */
export interface Extension {
  hooks: Hooks;
  rules: Pick<RulesByResource, FactsResource>;
}

export const noExtension: Extension = {
  hooks: {},
  rules: { customer: [], order: [], product: [], category: [] },
};
