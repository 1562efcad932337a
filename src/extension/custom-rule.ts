/** A merchant's own rule as one more element of the list: what it returns is checked, fitted, and sent like ours. */
import { z } from 'zod';
import type { CatalogCategory, Change, ItemChange, Warning } from '../klaviyo/change.ts';
import { hashOfCategories } from '../rules/catalog/item-change.ts';
import { cutText } from '../rules/fields/text.ts';
import { firstTime } from '../rules/fields/time.ts';
import { fitEvent, isHistory } from '../rules/orders/event.ts';
import type { RuleSettings } from '../rules/settings.ts';
import {
  changeTrigger,
  messageTriggers,
  originOf,
  type Rule,
  type RuleOutput,
  skip,
  type Trigger,
} from '../rules/types.ts';
import type { CustomRule, CustomTrigger, FactsByResource, FactsResource } from './apply.ts';
import { deepFreeze } from './deep-freeze.ts';
import { callExtension, ExtensionError } from './errors.ts';
import { timeWanted } from './hooks.ts';
import {
  categoryDraft,
  eventDraft,
  fitCatalogDraft,
  itemDraft,
  skipOf,
  validateOutput,
  variantDraft,
} from './validate-output.ts';

const ownChange = z.discriminatedUnion('type', [
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
type OwnDraft = z.infer<typeof ownChange>;

type AnyFacts = FactsByResource[FactsResource];

/** @returns a rule that never writes what a built-in rule writes, and whose events from history wake no flow */
export function createCustomRule<Name extends FactsResource>(own: CustomRule<Name>): Rule<FactsByResource[Name]> {
  const where = `rule ${own.name}`;
  return {
    name: own.name,
    summary: own.summary ?? "The merchant's own rule.",
    sends: own.sends ?? "what the merchant's rule writes",
    settings: [],
    needs: own.needs ?? [],
    ...(own.bulk === undefined ? {} : { bulk: own.bulk }),
    triggers: () => own.triggers.flatMap((trigger) => triggersOf(trigger, own.facts)),
    map(facts, settings) {
      deepFreeze(recordOf(facts));
      const returned = callExtension(where, () => own.map(facts, deepFreeze(settings)));
      const reason = skipOf(returned);
      if (reason !== undefined) return skip(reason);
      const list = Array.isArray(returned) ? returned : [returned];
      if (list.length === 0) return skip(`${where} wrote nothing`);
      const drafts = list.map((one) => validateOutput(where, ownChange, one));
      return joined(drafts.map((draft) => fitted(draft, { where, facts, settings })));
    },
  };
}

function triggersOf(trigger: CustomTrigger, facts: FactsResource): Trigger[] {
  if (typeof trigger !== 'string') return messageTriggers(trigger.resource, [trigger.type]);
  if (trigger === 'ResourceUpdated' || trigger === 'ResourceDeleted') return [changeTrigger(facts, trigger)];
  return messageTriggers(facts, [trigger]);
}

interface Writing {
  where: string;
  facts: AnyFacts;
  settings: RuleSettings;
}

interface Fitted {
  change: Change;
  warnings: Warning[];
}

function fitted(draft: OwnDraft, writing: Writing): Fitted {
  switch (draft.type) {
    case 'event':
      return eventOf(draft, writing);
    case 'item':
      return itemOf(draft, writing);
    case 'category':
      notOurs(draft.category.external_id, writing);
      return { change: { type: 'category', category: shortened(draft.category) }, warnings: [] };
    case 'delete':
      notOurs(draft.externalId, writing);
      return { change: draft, warnings: [] };
  }
}

function eventOf(draft: Extract<OwnDraft, { type: 'event' }>, { where, facts, settings }: Writing): Fitted {
  const time = firstTime([draft.time], 'at' in facts ? facts.at : new Date(draft.time));
  if (time === undefined) throw new ExtensionError(`${where} returned what can't be sent: time: ${timeWanted}`);
  const { properties, warnings } = fitEvent(draft.properties);
  const backfill = draft.backfill === true || wasBefore(time, facts, settings);
  return { change: { ...draft, time, properties, backfill }, warnings };
}

function wasBefore(time: string, facts: AnyFacts, settings: RuleSettings): boolean {
  if ('at' in facts) return isHistory(time, facts, settings);
  const origin = 'cause' in facts ? originOf(facts.cause) : undefined;
  return origin?.type === 'run' && origin.backfill;
}

function itemOf(draft: Extract<OwnDraft, { type: 'item' }>, writing: Writing): Fitted {
  notOurs(draft.item.external_id, writing);
  const item = fitCatalogDraft(draft.item);
  const variants = draft.variants.map((variant) => fitCatalogDraft(variant));
  const categories = draft.categories.map(shortened);
  const ctk_categories = hashOfCategories(categories.map(({ external_id }) => external_id));
  const change: ItemChange = {
    type: 'item',
    item: { ...item.record, custom_metadata: { ...item.record.custom_metadata, ctk_categories } },
    variants: variants.map(({ record }) => record),
    categories,
  };
  return { change, warnings: [item, ...variants].flatMap(({ warnings }) => warnings) };
}

function shortened({ external_id, name }: CatalogCategory): CatalogCategory {
  return { external_id, name: cutText(name) };
}

/** Two writers of one record would undo each other, message after message. */
function notOurs(externalId: string, { where, facts }: Writing): void {
  if (externalId !== idOf(facts)) return;
  throw new ExtensionError(`${where} wrote a record that a built-in rule writes: change that one by its hook`);
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

function joined(list: readonly Fitted[]): RuleOutput {
  const warnings = new Map(list.flatMap((one) => one.warnings.map((w) => [`${w.code} ${w.detail}`, w] as const)));
  return { changes: list.map((one) => one.change), skips: [], warnings: [...warnings.values()], followUps: [] };
}
