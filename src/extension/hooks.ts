/** A merchant's hooks, around the rules whose records they change. Without a hook a rule stays as it is. */
import type { z } from 'zod';
import type { CatalogCategory, Change, ItemChange, Warning } from '../klaviyo/change.ts';
import type { CategoryFacts } from '../rules/catalog/category-facts.ts';
import { hashOfCategories } from '../rules/catalog/item-change.ts';
import type { ItemFacts } from '../rules/catalog/item-facts.ts';
import type { CustomerFacts } from '../rules/customers/facts.ts';
import { cutText } from '../rules/fields/text.ts';
import { firstTime } from '../rules/fields/time.ts';
import { fitEvent } from '../rules/orders/event.ts';
import type { OrderFacts } from '../rules/orders/facts.ts';
import type { Rule } from '../rules/types.ts';
import type { CategoryPlace, Hook, HookContext, HookName, Hooks, PublishedFacts, Skip } from './apply.ts';
import { deepFreeze } from './deep-freeze.ts';
import { callExtension, ExtensionError } from './errors.ts';
import {
  categoryDraft,
  eventDraft,
  fitCatalogDraft,
  fitProfileDraft,
  itemDraft,
  profileDraft,
  skipOf,
  validateOutput,
  variantDraft,
} from './validate-output.ts';

/** A change as it shall be sent, with what was left out of it. */
interface Rewritten {
  change: Change;
  skips?: string[];
  warnings: Warning[];
}

type Rewrite<Facts> = (change: Change, context: HookContext<Facts>) => Rewritten | Skip;

/** The rule with each of its changes rewritten. @param root what of the facts a hook must not be able to change */
function rewriting<Facts>(rule: Rule<Facts>, root: (facts: Facts) => unknown, rewrite: Rewrite<Facts>): Rule<Facts> {
  return {
    ...rule,
    map(facts, settings) {
      const before = rule.map(facts, settings);
      deepFreeze(root(facts));
      const context = { rule: rule.name, facts, settings: deepFreeze(settings) };
      const skips = [...before.skips];
      const warnings = new Map(before.warnings.map((warning) => [`${warning.code} ${warning.detail}`, warning]));
      const changes = before.changes.flatMap((change) => {
        const after = rewrite(change, context);
        if ('skip' in after) {
          skips.push(after.skip);
          return [];
        }
        skips.push(...(after.skips ?? []));
        for (const warning of after.warnings) warnings.set(`${warning.code} ${warning.detail}`, warning);
        return [after.change];
      });
      return { ...before, changes, skips: [...new Set(skips)], warnings: [...warnings.values()] };
    },
  };
}

interface Asked<Draft, Facts> {
  name: HookName;
  hook: Hook<Draft, Facts>;
  before: Draft;
  context: HookContext<Facts>;
  schema: z.ZodType<Draft>;
}

/** What the merchant made of a record. @throws ExtensionFailure */
function answer<Draft, Facts>({ name, hook, before, context, schema }: Asked<Draft, Facts>): Draft | Skip {
  const where = `hooks.${name}`;
  const returned = callExtension(where, () => hook(deepFreeze(before), context));
  const skip = skipOf(returned);
  return skip === undefined ? validateOutput(where, schema, returned) : { skip };
}

/** @param hook on every event of the rule */
export function withEventHook(rule: Rule<OrderFacts>, hook: Hooks['event']): Rule<OrderFacts> {
  if (!hook) return rule;
  return rewriting(
    rule,
    ({ order }) => order,
    (change, context) => {
      if (change.type !== 'event') return { change, warnings: [] };
      const { type: kind, ...event } = change;
      const draft = answer({ name: 'event', hook, before: event, context, schema: eventDraft });
      if ('skip' in draft) return draft;
      const time = firstTime([draft.time], context.facts.at);
      if (time === undefined) throw new ExtensionError(`hooks.event returned what can't be sent: time: ${timeWanted}`);
      const { properties, warnings } = fitEvent(draft.properties);
      // What is history stays it: a hook can silence flows, never wake them.
      const backfill = change.backfill === true || draft.backfill === true;
      return { change: { type: kind, ...draft, time, properties, backfill }, warnings };
    },
  );
}

export const timeWanted = 'must be ISO 8601, after 1990 and at most a year ahead';

export function withProfileHook(rule: Rule<CustomerFacts>, hook: Hooks['profile']): Rule<CustomerFacts> {
  if (!hook) return rule;
  return rewriting(
    rule,
    ({ customer }) => customer,
    (change, context) => {
      if (change.type !== 'profile') return { change, warnings: [] };
      const draft = answer({ name: 'profile', hook, before: change.profile, context, schema: profileDraft });
      if ('skip' in draft) return draft;
      const { profile, warnings } = fitProfileDraft(draft);
      return { change: { ...change, profile }, warnings };
    },
  );
}

export function withCategoryHook(rule: Rule<CategoryFacts>, hook: Hooks['category']): Rule<CategoryFacts> {
  if (!hook) return rule;
  return rewriting(
    rule,
    (facts) => (facts.state === 'there' ? [facts.category, facts.path] : []),
    (change, { facts, ...about }) => {
      if (change.type !== 'category' || facts.state !== 'there') return { change, warnings: [] };
      const { category, path } = facts;
      const after = categoryAfter(hook, change.category, { ...about, facts: { category, path } });
      return 'skip' in after ? after : { change: { type: 'category', category: after }, warnings: [] };
    },
  );
}

function categoryAfter(
  hook: NonNullable<Hooks['category']>,
  before: CatalogCategory,
  context: HookContext<CategoryPlace>,
): CatalogCategory | Skip {
  const draft = answer({ name: 'category', hook, before, context, schema: categoryDraft });
  if ('skip' in draft) return draft;
  unchanged('hooks.category', ['external_id'], before, draft);
  return { ...draft, name: cutText(draft.name) };
}

type Published = HookContext<PublishedFacts>;

/** @param hooks on the item, each of its variants, and each category that it is linked to */
export function withItemHooks(rule: Rule<ItemFacts>, hooks: Hooks): Rule<ItemFacts> {
  if (!hooks.item && !hooks.variant && !hooks.category) return rule;
  return rewriting(
    rule,
    (facts) => (facts.state === 'gone' ? undefined : facts.product),
    (change, { facts, ...about }) => {
      if (change.type !== 'item' || facts.state !== 'published') return { change, warnings: [] };
      return itemRewritten(change, { ...about, facts }, hooks);
    },
  );
}

function itemRewritten(change: ItemChange, context: Published, hooks: Hooks): Rewritten | Skip {
  const categories = change.categories.flatMap((category) => linked(category, context, hooks));
  const item = itemAfter(change.item, context, hooks);
  if ('skip' in item) return item;
  const variants = change.variants.map((variant) => variantAfter(variant, context, hooks));
  const ctk_categories = hashOfCategories(categories.map(({ external_id }) => external_id));
  const custom_metadata = { ...item.record.custom_metadata, ctk_categories };
  return {
    change: {
      ...change,
      categories,
      item: { ...item.record, custom_metadata },
      variants: variants.flatMap((one) => ('skip' in one ? [] : [one.record])),
    },
    skips: variants.flatMap((one) => ('skip' in one ? [one.skip] : [])),
    warnings: [item, ...variants].flatMap((one) => ('skip' in one ? [] : one.warnings)),
  };
}

/** The category as its own rule would write it; none where the merchant skips it. */
function linked(
  category: CatalogCategory,
  { facts, ...about }: Published,
  { category: hook }: Hooks,
): CatalogCategory[] {
  const path = facts.categories?.path(category.external_id) ?? [];
  const own = path.at(-1);
  if (!hook || !own) return [category];
  const after = categoryAfter(hook, category, { ...about, facts: { category: deepFreeze(own), path } });
  return 'skip' in after ? [] : [after];
}

type After<Written> = { record: Written; warnings: Warning[] } | Skip;

function itemAfter(item: ItemChange['item'], context: Published, { item: hook }: Hooks): After<ItemChange['item']> {
  if (!hook) return { record: item, warnings: [] };
  // A mark of our own, not the merchant's.
  const { ctk_categories: _, ...custom_metadata } = item.custom_metadata;
  const draft = answer({ name: 'item', hook, before: { ...item, custom_metadata }, context, schema: itemDraft });
  if ('skip' in draft) return draft;
  unchanged('hooks.item', ['external_id'], item, draft);
  return fitCatalogDraft(draft);
}

type Variant = ItemChange['variants'][number];

function variantAfter(variant: Variant, context: Published, { variant: hook }: Hooks): After<Variant> {
  if (!hook) return { record: variant, warnings: [] };
  const draft = answer({ name: 'variant', hook, before: variant, context, schema: variantDraft });
  if ('skip' in draft) return draft;
  // The stock rule writes the last two as well, and has no hook: each would undo the other.
  unchanged('hooks.variant', ['external_id', 'sku', 'inventory_quantity', 'inventory_policy'], variant, draft);
  return fitCatalogDraft(draft);
}

/** By these names records are found again, and what is gone is deleted. */
function unchanged<Draft>(where: string, names: readonly (keyof Draft & string)[], before: Draft, after: Draft): void {
  const changed = names.find((name) => before[name] !== after[name]);
  if (changed !== undefined) throw new ExtensionError(`${where} must leave ${changed} as it is`);
}
