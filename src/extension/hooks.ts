/** Applies a ctk.config.ts: wraps the built-in rules with its hooks, and adds its custom rules. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { CatalogCategory, CatalogItem, CatalogVariant, Change, ItemChange, Warning } from '../klaviyo/change.ts';
import type { CategoryFacts } from '../rules/catalog/category-facts.ts';
import { hashOfCategories, type PublishedFacts } from '../rules/catalog/item-change.ts';
import type { ItemFacts } from '../rules/catalog/item-facts.ts';
import type { CustomerFacts } from '../rules/customers/facts.ts';
import { cutText } from '../rules/fields/text.ts';
import { firstTime } from '../rules/fields/time.ts';
import { createRuleGroups, type RulesByResource } from '../rules/index.ts';
import type { OrderFacts, OrderRule } from '../rules/orders/facts.ts';
import { fitEvent } from '../rules/orders/order-event.ts';
import { type Rule, type RuleGroup, type Skip, uniqueWarnings } from '../rules/types.ts';
import { deepFreeze } from './deep-freeze.ts';
import { callExtension, ExtensionError } from './errors.ts';
import type { CategoryPlace, Extension, Hook, HookContext, HookName, Hooks } from './types.ts';
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

/** Returns the rule groups of the built-in rules together with an extension. */
export function applyExtension(builtIn: RulesByResource, { hooks, rules }: Extension): readonly RuleGroup[] {
  return createRuleGroups({
    ...builtIn,
    customer: [...builtIn.customer.map((rule) => withProfileHook(rule, hooks.profile)), ...rules.customer],
    order: [...builtIn.order.map((rule) => withEventHook(rule, hooks.event)), ...rules.order],
    category: [...builtIn.category.map((rule) => withCategoryHook(rule, hooks.category)), ...rules.category],
    product: [...builtIn.product.map((rule) => withItemHooks(rule, hooks)), ...rules.product],
  });
}

interface HookedChange {
  change: Change;
  skips?: string[];
  warnings: Warning[];
}

type ApplyHook<Facts> = (change: Change, context: HookContext<Facts>) => HookedChange | Skip;

/** @param recordOf selects the part of the facts that is frozen before the hook gets it */
function withHook<Facts, Need extends string>(
  rule: Rule<Facts, Need>,
  recordOf: (facts: Facts) => unknown,
  applyHook: ApplyHook<Facts>,
): Rule<Facts, Need> {
  return {
    ...rule,
    map(facts, settings) {
      const output = rule.map(facts, settings);
      deepFreeze(recordOf(facts));
      const context = { rule: rule.name, facts, settings: deepFreeze(settings) };
      const skips = [...output.skips];
      const warnings = [...output.warnings];
      const changes = output.changes.flatMap((change) => {
        const result = applyHook(change, context);
        if ('skip' in result) {
          skips.push(result.skip);
          return [];
        }
        skips.push(...(result.skips ?? []));
        warnings.push(...result.warnings);
        return [result.change];
      });
      return { ...output, changes, skips: [...new Set(skips)], warnings: uniqueWarnings(warnings) };
    },
  };
}

interface HookCall<Draft, Facts> {
  name: HookName;
  hook: Hook<Draft, Facts>;
  record: Draft;
  context: HookContext<Facts>;
  schema: z.ZodType<Draft>;
}

/** Calls a hook and returns its valid result. @throws ExtensionError when the hook throws or its result is invalid */
function callHook<Draft, Facts>({ name, hook, record, context, schema }: HookCall<Draft, Facts>): Draft | Skip {
  const where = `hooks.${name}`;
  const returned = callExtension(where, () => hook(deepFreeze(record), context));
  const skip = skipOf(returned);
  return skip === undefined ? validateOutput(where, schema, returned) : { skip };
}

function withEventHook(rule: OrderRule, hook: Hooks['event']): OrderRule {
  if (!hook) return rule;
  return withHook(
    rule,
    ({ order }: OrderFacts) => order,
    (change, context) => {
      if (change.type !== 'event') return { change, warnings: [] };
      const { type, order, isProfileLookedUp = false, ...event } = change;
      const draft = callHook({ name: 'event', hook, record: event, context, schema: eventDraft });
      if ('skip' in draft) return draft;
      const time = firstTime([draft.time], context.facts.at);
      if (time === undefined)
        throw new ExtensionError(`hooks.event returned what can't be sent: time: ${timeRequirement}`);
      const { properties, warnings } = fitEvent(draft.properties);
      // A hook can prevent flows, but it can't trigger them for events from history.
      const backfill = change.backfill === true || draft.backfill === true;
      // The profile of a hook is its own: it is not looked up again.
      const lookedUp = isProfileLookedUp && isDeepStrictEqual(draft.profile, event.profile);
      const own = { ...(order ? { order } : {}), isProfileLookedUp: lookedUp };
      return { change: { type, ...draft, ...own, time, properties, backfill }, warnings };
    },
  );
}

export const timeRequirement = 'must be ISO 8601, after 1990 and at most a year ahead';

function withProfileHook(rule: Rule<CustomerFacts>, hook: Hooks['profile']): Rule<CustomerFacts> {
  if (!hook) return rule;
  return withHook(
    rule,
    ({ customer }) => customer,
    (change, context) => {
      if (change.type !== 'profile') return { change, warnings: [] };
      const draft = callHook({ name: 'profile', hook, record: change.profile, context, schema: profileDraft });
      if ('skip' in draft) return draft;
      const { profile, warnings } = fitProfileDraft(draft);
      return { change: { ...change, profile }, warnings };
    },
  );
}

function withCategoryHook(rule: Rule<CategoryFacts>, hook: Hooks['category']): Rule<CategoryFacts> {
  if (!hook) return rule;
  return withHook(
    rule,
    (facts) => (facts.state === 'present' ? [facts.category, facts.path] : []),
    (change, { facts, ...context }) => {
      if (change.type !== 'category' || facts.state !== 'present') return { change, warnings: [] };
      const { category, path } = facts;
      const hooked = hookedCategory(hook, change.category, { ...context, facts: { category, path } });
      return 'skip' in hooked ? hooked : { change: { type: 'category', category: hooked }, warnings: [] };
    },
  );
}

function hookedCategory(
  hook: NonNullable<Hooks['category']>,
  category: CatalogCategory,
  context: HookContext<CategoryPlace>,
): CatalogCategory | Skip {
  const draft = callHook({ name: 'category', hook, record: category, context, schema: categoryDraft });
  if ('skip' in draft) return draft;
  assertUnchanged('hooks.category', ['external_id'], category, draft);
  return { ...draft, name: cutText(draft.name) };
}

type ItemHookContext = HookContext<PublishedFacts>;

function withItemHooks(rule: Rule<ItemFacts>, hooks: Hooks): Rule<ItemFacts> {
  if (!hooks.item && !hooks.variant && !hooks.category) return rule;
  return withHook(
    rule,
    (facts) => (facts.state === 'deleted' ? undefined : facts.product),
    (change, { facts, ...context }) => {
      if (change.type !== 'item' || facts.state !== 'published') return { change, warnings: [] };
      return hookedItemChange(change, { ...context, facts }, hooks);
    },
  );
}

function hookedItemChange(change: ItemChange, context: ItemHookContext, hooks: Hooks): HookedChange | Skip {
  const categories = change.categories.flatMap((category) => linkedCategory(category, context, hooks));
  const item = hookedItem(change.item, context, hooks);
  if ('skip' in item) return item;
  const variants = change.variants.map((variant) => hookedVariant(variant, context, hooks));
  const ctk_categories = hashOfCategories(categories.map(({ external_id }) => external_id));
  const custom_metadata = { ...item.record.custom_metadata, ctk_categories };
  return {
    change: {
      ...change,
      categories,
      item: { ...item.record, custom_metadata },
      variants: variants.flatMap((variant) => ('skip' in variant ? [] : [variant.record])),
    },
    skips: variants.flatMap((variant) => ('skip' in variant ? [variant.skip] : [])),
    warnings: [item, ...variants].flatMap((result) => ('skip' in result ? [] : result.warnings)),
  };
}

function linkedCategory(
  category: CatalogCategory,
  { facts, ...context }: ItemHookContext,
  { category: hook }: Hooks,
): CatalogCategory[] {
  const path = facts.categories?.path(category.external_id) ?? [];
  const stored = path.at(-1);
  if (!hook || !stored) return [category];
  const hooked = hookedCategory(hook, category, { ...context, facts: { category: deepFreeze(stored), path } });
  return 'skip' in hooked ? [] : [hooked];
}

type HookedRecord<Draft> = { record: Draft; warnings: Warning[] } | Skip;

function hookedItem(item: CatalogItem, context: ItemHookContext, { item: hook }: Hooks): HookedRecord<CatalogItem> {
  if (!hook) return { record: item, warnings: [] };
  // The hash belongs to the connector and is not part of the hook's record.
  const { ctk_categories: _, ...custom_metadata } = item.custom_metadata;
  const draft = callHook({ name: 'item', hook, record: { ...item, custom_metadata }, context, schema: itemDraft });
  if ('skip' in draft) return draft;
  assertUnchanged('hooks.item', ['external_id'], item, draft);
  return fitCatalogDraft(draft);
}

function hookedVariant(
  variant: CatalogVariant,
  context: ItemHookContext,
  { variant: hook }: Hooks,
): HookedRecord<CatalogVariant> {
  if (!hook) return { record: variant, warnings: [] };
  const draft = callHook({ name: 'variant', hook, record: variant, context, schema: variantDraft });
  if ('skip' in draft) return draft;
  // The stock rule has no hook and also sends the last two, so the rules would overwrite each other.
  assertUnchanged('hooks.variant', ['external_id', 'sku', 'inventory_quantity', 'inventory_policy'], variant, draft);
  return fitCatalogDraft(draft);
}

/** Throws when a hook changed a field that identifies the record or that another rule sends. */
function assertUnchanged<Draft>(
  where: string,
  names: readonly (keyof Draft & string)[],
  before: Draft,
  after: Draft,
): void {
  const changed = names.find((name) => before[name] !== after[name]);
  if (changed !== undefined) throw new ExtensionError(`${where} must not change ${changed}`);
}
