/** What a merchant's own rule may build on: what the built-in rules make of the same facts. */
import type { CatalogItem, ItemChange, ProfileIdentity } from '../klaviyo/change.ts';
import { itemChange } from '../rules/catalog/item-change.ts';
import { profileOf as identityOf, noIdentity } from '../rules/orders/event.ts';
import type { OrderFacts } from '../rules/orders/facts.ts';
import type { RuleSettings } from '../rules/settings.ts';
import type { PublishedFacts, Skip } from './apply.ts';

/** Nothing is sent, for this reason; it is counted and shown. */
export function skip(reason: string): Skip {
  return { skip: reason };
}

/** Whom an event of this order is about, as the built-in rules say it; or that nobody knows. */
export function profileOf(facts: Readonly<OrderFacts>): ProfileIdentity | Skip {
  return identityOf(facts) ?? { skip: noIdentity };
}

/**
 * The item of a published product with its variants and categories, as the built-in rule writes it; hooks are not asked.
 * Give it an `external_id` of its own, and its variants too.
 */
export function itemOf(facts: Readonly<PublishedFacts>, settings: Readonly<RuleSettings>): ItemChange | Skip {
  const { changes, skips } = itemChange(facts, settings);
  const [first] = changes;
  if (first?.type !== 'item') return { skip: skips.join(', ') };
  const { ctk_categories: _, ...custom_metadata } = first.item.custom_metadata;
  const item: CatalogItem = { ...first.item, custom_metadata };
  return { ...first, item };
}
