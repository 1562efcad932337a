/** Turns a custom rule into a rule like the built-in ones: validates its result and cuts it to Klaviyo's limits. */
import { z } from 'zod';
import type { CatalogCategory, Change, ItemChange, Warning } from '../klaviyo/change.ts';
import { hashOfCategories } from '../rules/catalog/item-change.ts';
import { configuredMessageType } from '../rules/configured-message-types.ts';
import { cutText } from '../rules/fields/text.ts';
import { firstTime } from '../rules/fields/time.ts';
import { fitEvent, isHistory } from '../rules/orders/order-event.ts';
import type { RuleSettings } from '../rules/settings.ts';
import {
  changes,
  changeTrigger,
  messageTriggers,
  originOf,
  type Rule,
  type RuleOutput,
  skip,
  type Trigger,
  uniqueWarnings,
} from '../rules/types.ts';
import { deepFreeze } from './deep-freeze.ts';
import { callExtension, ExtensionError } from './errors.ts';
import { timeRequirement } from './hooks.ts';
import type { CustomRule, CustomTrigger, FactsByResource, FactsResource, NeedsByResource } from './types.ts';
import {
  categoryDraft,
  eventDraft,
  fitCatalogDraft,
  itemDraft,
  skipOf,
  validateOutput,
  variantDraft,
} from './validate-output.ts';

const customChange = z.discriminatedUnion('type', [
  eventDraft.extend({ type: z.literal('event') }),
  z.strictObject({
    type: z.literal('item'),
    item: itemDraft,
    variants: z.array(variantDraft),
    categories: z.array(categoryDraft).default([]),
  }),
  z.strictObject({ type: z.literal('category'), category: categoryDraft }),
  z.strictObject({
    type: z.literal('delete'),
    recordType: z.enum(['category', 'item']),
    externalId: z.string().min(1),
  }),
]);
type ChangeDraft = z.infer<typeof customChange>;

type AnyFacts = FactsByResource[FactsResource];

/** Returns a rule that can't change records of built-in rules and whose events from history do not trigger flows. */
export function createCustomRule<Name extends FactsResource>(
  custom: CustomRule<Name>,
): Rule<FactsByResource[Name], NeedsByResource[Name]> {
  const where = `rule ${custom.name}`;
  return {
    name: custom.name,
    summary: custom.summary ?? 'Custom rule.',
    sends: custom.sends ?? 'output of a custom rule',
    settings: [],
    needs: custom.needs ?? [],
    ...(custom.bulk === undefined ? {} : { bulk: custom.bulk }),
    triggers: () => custom.triggers.flatMap((trigger) => triggersOf(trigger, custom.facts)),
    map(facts, settings) {
      deepFreeze(recordOf(facts));
      const returned = callExtension(where, () => custom.map(facts, deepFreeze(settings)));
      const reason = skipOf(returned);
      if (reason !== undefined) return skip(reason);
      const list = Array.isArray(returned) ? returned : [returned];
      if (list.length === 0) return skip(`${where} returned no changes`);
      const drafts = list.map((change) => validateOutput(where, customChange, change));
      return combine(drafts.map((draft) => toChange(draft, { where, facts, settings })));
    },
  };
}

function triggersOf(trigger: CustomTrigger, facts: FactsResource): Trigger[] {
  if (typeof trigger !== 'string') return messageTriggers(trigger.resource, [configuredMessageType(trigger.type)]);
  if (trigger === 'ResourceUpdated' || trigger === 'ResourceDeleted') return [changeTrigger(facts, trigger)];
  return messageTriggers<FactsResource>(facts, [configuredMessageType(trigger)]);
}

interface RuleCall {
  where: string;
  facts: AnyFacts;
  settings: RuleSettings;
}

interface ChangeWithWarnings {
  change: Change;
  warnings: Warning[];
}

function toChange(draft: ChangeDraft, call: RuleCall): ChangeWithWarnings {
  switch (draft.type) {
    case 'event':
      return eventOf(draft, call);
    case 'item':
      return itemOf(draft, call);
    case 'category':
      rejectBuiltInId(draft.category.external_id, call);
      return { change: { type: 'category', category: cutName(draft.category) }, warnings: [] };
    case 'delete':
      rejectBuiltInId(draft.externalId, call);
      return { change: draft, warnings: [] };
  }
}

function eventOf(
  draft: Extract<ChangeDraft, { type: 'event' }>,
  { where, facts, settings }: RuleCall,
): ChangeWithWarnings {
  const time = firstTime([draft.time], 'at' in facts ? facts.at : new Date(draft.time));
  if (time === undefined) throw new ExtensionError(`${where} returned what can't be sent: time: ${timeRequirement}`);
  const { properties, warnings } = fitEvent(draft.properties);
  const backfill = draft.backfill === true || isFromHistory(time, facts, settings);
  return { change: { ...draft, time, properties, backfill }, warnings };
}

function isFromHistory(time: string, facts: AnyFacts, settings: RuleSettings): boolean {
  if ('at' in facts) return isHistory(time, facts, settings);
  const origin = 'cause' in facts ? originOf(facts.cause) : undefined;
  return origin?.type === 'run' && origin.backfill;
}

function itemOf(draft: Extract<ChangeDraft, { type: 'item' }>, call: RuleCall): ChangeWithWarnings {
  rejectBuiltInId(draft.item.external_id, call);
  const item = fitCatalogDraft(draft.item);
  const variants = draft.variants.map((variant) => fitCatalogDraft(variant));
  const categories = draft.categories.map(cutName);
  const ctk_categories = hashOfCategories(categories.map(({ external_id }) => external_id));
  const change: ItemChange = {
    type: 'item',
    item: { ...item.record, custom_metadata: { ...item.record.custom_metadata, ctk_categories } },
    variants: variants.map(({ record }) => record),
    categories,
  };
  return { change, warnings: [item, ...variants].flatMap(({ warnings }) => warnings) };
}

function cutName({ external_id, name }: CatalogCategory): CatalogCategory {
  return { external_id, name: cutText(name) };
}

/** Prevents a custom rule and a built-in rule from overwriting the same record alternately. */
function rejectBuiltInId(externalId: string, { where, facts }: RuleCall): void {
  if (externalId !== idOf(facts)) return;
  throw new ExtensionError(`${where} returned a record that a built-in rule writes: change it by its hook`);
}

function recordOf(facts: AnyFacts): unknown {
  if ('order' in facts) return facts.order;
  if ('customer' in facts) return facts.customer;
  if ('product' in facts) return facts.product;
  return 'category' in facts ? facts.category : undefined;
}

function idOf(facts: AnyFacts): string {
  if ('order' in facts) return facts.order.id;
  if ('customer' in facts) return facts.customer.id;
  if ('product' in facts) return facts.product.id;
  return 'category' in facts ? facts.category.id : facts.id;
}

function combine(list: readonly ChangeWithWarnings[]): RuleOutput {
  const warnings = uniqueWarnings(list.flatMap((item) => item.warnings));
  return changes(
    list.map(({ change }) => change),
    { warnings },
  );
}
