/** What a merchant adds to the mapping, in types: hooks on what the rules write, and rules of his own. */
import type { Category as StoredCategory } from '../commercetools/schemas.ts';
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
import type { ItemFacts } from '../rules/catalog/item-facts.ts';
import type { CustomerFacts } from '../rules/customers/facts.ts';
import type { OrderFacts } from '../rules/orders/facts.ts';
import type { RuleSettings } from '../rules/settings.ts';
import type { Rule } from '../rules/types.ts';

/** It is not sent, for this reason. What Klaviyo holds already stays as it is. */
export interface Skip {
  skip: string;
}

/** Free-form properties: what is no plain JSON is refused, what exceeds Klaviyo's limits is cut. */
export type Properties = Record<string, unknown>;

/** An event as a merchant may write it; times are ISO 8601, `value` is in major units. */
export type EventDraft = Omit<EventChange, 'type' | 'properties'> & { properties: Properties };
export type ProfileDraft = Omit<Profile, 'properties'> & { properties?: Properties };

export type PublishedFacts = Extract<ItemFacts, { state: 'published' }>;

/** A category and its place: `path` leads from the root down to the category itself. */
export interface CategoryPlace {
  category: StoredCategory;
  path: readonly StoredCategory[];
}

/** What a hook may look at beside the record that a rule wrote. commercetools' record and the settings are frozen. */
export interface HookContext<Facts> {
  /** The name of the rule that wrote it. */
  rule: string;
  facts: Readonly<Facts>;
  settings: Readonly<RuleSettings>;
}

/**
 * Pure and synchronous: the same record and facts give the same answer.
 * @returns the record as it shall be sent (a new one: what came in is frozen), or why it is not sent
 */
export type Hook<Draft, Facts> = (written: Readonly<Draft>, context: HookContext<Facts>) => Draft | Skip;

export interface Hooks {
  /** Every event of the order rules: placed, ordered, fulfilled, cancelled, refunded. */
  event?: Hook<EventDraft, OrderFacts>;
  profile?: Hook<ProfileDraft, CustomerFacts>;
  item?: Hook<CatalogItem, PublishedFacts>;
  variant?: Hook<CatalogVariant, PublishedFacts>;
  /** Also for the categories that an item is linked to. */
  category?: Hook<CatalogCategory, CategoryPlace>;
}
export type HookName = keyof Hooks;
export const hookNames = ['event', 'profile', 'item', 'variant', 'category'] as const satisfies readonly HookName[];

/** Facts that a rule of his own can ask for, by commercetools' type id. */
export interface FactsByResource {
  customer: CustomerFacts;
  order: OrderFacts;
  product: ItemFacts;
  category: CategoryFacts;
}
export type FactsResource = keyof FactsByResource;

interface BulkOf {
  customer: 'customers';
  order: 'orders';
  product: 'products';
  category: 'categories';
}

/** A message type, `ResourceUpdated` or `ResourceDeleted` of the facts' own resource; or a message type of a related one. */
export type CustomTrigger = string | { resource: string; type: string };

/** What a rule of his own may write. Profiles are changed by the hook: two writers of one profile would undo each other. */
export type CustomChange =
  | ({ type: 'event' } & EventDraft)
  | (Omit<ItemChange, 'categories'> & { categories?: ItemChange['categories'] })
  | CategoryChange
  | DeleteChange;

export interface CustomRule<Name extends FactsResource> {
  /** Kebab-case, and no built-in rule's. */
  name: string;
  /** One sentence for explain and the dashboard. */
  summary?: string;
  /** What arrives in Klaviyo, such as `event Shipped Order`. */
  sends?: string;
  facts: Name;
  triggers: readonly CustomTrigger[];
  /** The bulk sync that replays it; none: only realtime. */
  bulk?: BulkOf[Name];
  /** Orders only: look-ups that not every rule needs. */
  needs?: readonly ('payments' | 'discountCodes')[];
  /** Pure and synchronous. @returns what shall be true in Klaviyo, or why nothing is sent */
  map(
    facts: Readonly<FactsByResource[Name]>,
    settings: Readonly<RuleSettings>,
  ): CustomChange | readonly CustomChange[] | Skip;
}
export type AnyCustomRule = { [Name in FactsResource]: CustomRule<Name> }[FactsResource];

/** A merchant's rules by the facts that they look at, ready to be asked. */
export interface Extension {
  hooks: Hooks;
  rules: { [Name in FactsResource]: readonly Rule<FactsByResource[Name]>[] };
}

/** What is there without a ctk.config.ts. */
export const noExtension: Extension = {
  hooks: {},
  rules: { customer: [], order: [], product: [], category: [] },
};
