/** Writes categories, and creates an item's missing categories. */

import type { ApiFailure } from '../api/errors.ts';
import type { CatalogCategory, CategoryChange, Receipt } from '../change.ts';
import { delivered, receiptOfFailure, receiptOfResult } from '../receipts.ts';
import { create, includesAll, isDuplicate, remove, upsert } from './catalog-crud.ts';
import type { WriteContext } from './write-context.ts';

export async function writeCategory({ category }: CategoryChange, context: WriteContext): Promise<Receipt> {
  const { external_id: externalId } = category;
  const receipt = await exclusively(externalId, context, () => writeIfChanged(category, context));
  if (receipt.outcome === 'delivered') context.knownCategories.set(externalId, true);
  return receipt;
}

/**
 * A sync looks the category up first: it requests deletions of many that never existed in Klaviyo. A message does not: a new
 * one may not be listed yet, and nothing would delete it later.
 */
export async function deleteCategory(externalId: string, context: WriteContext): Promise<Receipt> {
  return exclusively(externalId, context, async () => {
    context.knownCategories.delete(externalId);
    if (context.lane !== 'bulk') return remove('Category', externalId, context);
    const existing = await context.existing.category(externalId, context.lane);
    if (existing === undefined) return delivered;
    return 'failure' in existing ? receiptOfFailure(existing.failure) : remove('Category', externalId, context);
  });
}

/** Serialises writes to a category, both its own and those for an item. */
function exclusively<T>(externalId: string, context: WriteContext, job: () => Promise<T>): Promise<T> {
  // Not the change's coalescing key: the sink holds that lock during the write.
  return context.mutex.runExclusive(`linked-category:${externalId}`, job);
}

async function writeIfChanged(category: CatalogCategory, context: WriteContext): Promise<Receipt> {
  const existing = await context.existing.category(category.external_id, context.lane);
  if (existing !== undefined && 'failure' in existing) return receiptOfFailure(existing.failure);
  if (existing && !context.force && includesAll(existing.attributes, category)) return delivered;
  const record = { attributes: category };
  return receiptOfResult(await upsert('Category', { record, exists: existing !== undefined }, context));
}

/** Creates the missing categories. @returns how many: the item's relationships to these are missing in Klaviyo too */
export async function ensureCategories(
  required: readonly CatalogCategory[],
  context: WriteContext,
): Promise<{ created: number } | { failure: ApiFailure }> {
  const results = await Promise.all(required.map((category) => ensureCategory(category, context)));
  const failed = results.find((result) => typeof result === 'object');
  if (failed) return failed;
  return { created: results.filter((result) => result === 'created').length };
}

async function ensureCategory(
  category: CatalogCategory,
  context: WriteContext,
): Promise<'exists' | 'created' | { failure: ApiFailure }> {
  const { external_id: id } = category;
  const { knownCategories } = context;
  if (knownCategories.get(id)) return 'exists';
  return exclusively(id, context, async () => {
    if (knownCategories.get(id)) return 'exists';
    const existing = await context.existing.category(id, context.lane);
    if (existing !== undefined && 'failure' in existing) return existing;
    if (!existing) {
      const created = await create('Category', { attributes: category }, context);
      if (!created.ok && !isDuplicate(created.failure)) return { failure: created.failure };
    }
    knownCategories.set(id, true);
    return existing ? 'exists' : 'created';
  });
}
