/** Category: sends its breadcrumb and follows up below it. https://developers.klaviyo.com/en/reference/create_catalog_category */
import { chunksOf } from '../../lib/chunks.ts';
import { breadcrumb } from '../fields/breadcrumb.ts';
import { changes, changeTrigger, type FollowUp, isCausedBy, messageTriggers, type Rule } from '../types.ts';
import type { CategoryFacts } from './category-facts.ts';

/** commercetools rejects URLs that are too long. A hundred ids fit. */
const maxIdsInQuery = 100;

export const category: Rule<CategoryFacts> = {
  name: 'category',
  summary:
    'A category was created, changed or deleted. A change also renames the categories below it and links their products.',
  sends: 'catalogue category, named by its breadcrumb',
  settings: ['category.messages.created'],
  bulk: 'categories',
  triggers: (settings) => [
    ...messageTriggers('category', settings.category.messages.created, 'CategoryCreated'),
    changeTrigger('category', 'ResourceUpdated', 'CategoryResourceUpdated'),
    changeTrigger('category', 'ResourceDeleted', 'CategoryResourceDeleted'),
  ],
  map(facts, settings) {
    // Products need no follow-up: Klaviyo deletes the links together with the category.
    if (facts.state === 'deleted') return changes([{ type: 'delete', recordType: 'category', externalId: facts.id }]);
    const name = breadcrumb(facts.path, settings.preferredLocale);
    return changes([{ type: 'category', category: { external_id: facts.category.id, name } }], {
      followUps: wasUpdated(facts) ? followUpsOf(facts) : [],
    });
  },
};

type PresentCategory = Extract<CategoryFacts, { state: 'present' }>;

/** Follow-ups are for updates only: a new category has no children or products yet, and a run covers all of them. */
function wasUpdated({ cause }: PresentCategory): boolean {
  return isCausedBy(cause, 'ResourceUpdated');
}

/** An update does not name the changed fields, so breadcrumbs below the category and links of products may differ. */
function followUpsOf({ category: { id }, descendants }: PresentCategory): FollowUp[] {
  return [
    ...chunks(descendants).map(
      (ids): FollowUp => ({
        resource: 'categories',
        where: `id in (${quoted(ids)})`,
        reason: `category ${id} changed: breadcrumbs below it`,
      }),
    ),
    ...chunks([id, ...descendants]).map(
      (ids): FollowUp => ({
        resource: 'products',
        where: `masterData(current(categories(id in (${quoted(ids)}))))`,
        reason: `category ${id} changed: links of the products in and below it`,
      }),
    ),
  ];
}

/** Splits ids into sorted chunks, so that equal sets give equal follow-ups, which are merged. */
function chunks(ids: readonly string[]): string[][] {
  return chunksOf([...new Set(ids)].toSorted(), { maxItems: maxIdsInQuery });
}

/** Returns the ids as texts of a query predicate. https://docs.commercetools.com/api/predicates/query */
function quoted(ids: readonly string[]): string {
  return ids.map((id) => `"${id.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(', ');
}
