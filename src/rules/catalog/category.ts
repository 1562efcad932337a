/** Category: its breadcrumb, and what hangs on it. https://developers.klaviyo.com/en/reference/create_catalog_category */
import { breadcrumb } from '../fields/breadcrumb.ts';
import { changes, changeTrigger, type FollowUp, messageTriggers, originOf, type Rule } from '../types.ts';
import type { CategoryFacts } from './category-facts.ts';

/** commercetools refuses URLs that are too long; a hundred ids are known to pass. */
const maxIdsInQuery = 100;

export const category: Rule<CategoryFacts> = {
  name: 'category',
  summary: 'A category was created, changed or deleted; a change also renames what is below it and links its products.',
  sends: 'catalogue category, named by its breadcrumb',
  settings: ['category.messages.created'],
  bulk: 'categories',
  triggers: (settings) => [
    ...messageTriggers('category', [...new Set(settings.category.messages.created)], 'CategoryCreated'),
    changeTrigger('category', 'ResourceUpdated', 'CategoryResourceUpdated'),
    changeTrigger('category', 'ResourceDeleted', 'CategoryResourceDeleted'),
  ],
  map(facts, settings) {
    // Products need no run: Klaviyo drops the links with the category, and commercetools its references.
    if (facts.state === 'gone') return changes([{ type: 'delete', recordType: 'category', externalId: facts.id }]);
    const name = breadcrumb(facts.path, settings.preferredLocale);
    return changes([{ type: 'category', category: { external_id: facts.category.id, name } }], {
      followUps: wasUpdated(facts) ? followsOf(facts) : [],
    });
  },
};

type There = Extract<CategoryFacts, { state: 'there' }>;

/** A new category has neither children nor products yet, and a run walks them all anyway. */
function wasUpdated({ cause }: There): boolean {
  const origin = originOf(cause);
  return origin.type === 'message' && origin.messageType === 'ResourceUpdated';
}

/** An update does not say what changed: the breadcrumbs below may have, and the links of the products. */
function followsOf({ category: { id }, descendants }: There): FollowUp[] {
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

/** Sorted, so that the same set gives the same run and equal runs can be merged. */
function chunks(ids: readonly string[]): string[][] {
  const sorted = [...new Set(ids)].toSorted();
  const count = Math.ceil(sorted.length / maxIdsInQuery);
  return Array.from({ length: count }, (_, index) => sorted.slice(index * maxIdsInQuery, (index + 1) * maxIdsInQuery));
}

/** Texts of a query predicate. https://docs.commercetools.com/api/predicates/query */
function quoted(ids: readonly string[]): string {
  return ids.map((id) => `"${id.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(', ');
}
