/** Functions for custom rules that return the output of built-in rules for the same facts. */
import type { CatalogItem, ItemChange, ProfileIdentity } from '../klaviyo/change.ts';
import { itemChange, type PublishedFacts } from '../rules/catalog/item-change.ts';
import type { OrderFacts } from '../rules/orders/facts.ts';
import type { RuleSettings } from '../rules/settings.ts';
import type { Skip } from '../rules/types.ts';

/** Returns a skip: nothing is sent, and the reason is counted and shown. */
export function skip(reason: string): Skip {
  return { skip: reason };
}

/** Returns the profile of an order's events as the built-in rules choose it, or the reason why there is none. */
export function profileOf({ profile }: Readonly<OrderFacts>): ProfileIdentity | Skip {
  return 'skip' in profile ? profile : profile.identity;
}

/**
 * Returns the item of a published product with its variants and categories as the built-in rule maps it, before hooks.
 * The custom rule has to replace the `external_id` of the item and of its variants.
 */
export function itemOf(facts: Readonly<PublishedFacts>, settings: Readonly<RuleSettings>): ItemChange | Skip {
  const { changes, skips } = itemChange(facts, settings);
  const [first] = changes;
  if (first?.type !== 'item') return { skip: skips.join(', ') };
  const { ctk_categories: _, ...custom_metadata } = first.item.custom_metadata;
  const item: CatalogItem = { ...first.item, custom_metadata };
  return { ...first, item };
}
