/** Makes categories true, and sees to it that those of an item are there before it. */

import type { ApiFailure } from '../api/errors.ts';
import type { Category, CategoryChange, Receipt } from '../change.ts';
import { delivered, receiptOfFailure, receiptOfResult } from '../receipts.ts';
import { categories, create, exists, holdsAll, put, remove } from './catalog-crud.ts';
import type { WriteContext } from './write-context.ts';

export async function sendCategory(change: CategoryChange, sending: WriteContext): Promise<Receipt> {
  const receipt = await inTurn(change.category.external_id, sending, () => writeCategory(change, sending));
  if (receipt.outcome === 'delivered') sending.categories.set(change.category.external_id, true);
  return receipt;
}

/** Asks before it deletes: a sync meets many that were never there. */
export async function deleteCategory(externalId: string, sending: WriteContext): Promise<Receipt> {
  return inTurn(externalId, sending, async () => {
    sending.categories.delete(externalId);
    const held = await sending.existing.category(externalId, sending.lane);
    if (held === undefined) return delivered;
    return 'failure' in held ? receiptOfFailure(held.failure) : remove(categories, externalId, sending);
  });
}

function inTurn<T>(externalId: string, sending: WriteContext, job: () => Promise<T>): Promise<T> {
  return sending.locks.runExclusive(`linked-category:${externalId}`, job);
}

async function writeCategory({ category }: CategoryChange, sending: WriteContext): Promise<Receipt> {
  const held = await sending.existing.category(category.external_id, sending.lane);
  if (held !== undefined && 'failure' in held) return receiptOfFailure(held.failure);
  if (held && !sending.force && holdsAll(category, held.attributes)) return delivered;
  return receiptOfResult(
    await put(categories, { record: { attributes: category }, held: held !== undefined }, sending),
  );
}

/**
 * Creates those that Klaviyo lacks, an item's own after their ancestors.
 * @returns how many were missing: their links are missing too
 */
export async function ensureCategories(
  wanted: readonly Category[],
  sending: WriteContext,
): Promise<{ created: number } | { failure: ApiFailure }> {
  const results = await Promise.all(wanted.map((category) => ensure(category, sending)));
  const failed = results.find((result) => typeof result === 'object');
  if (failed) return failed;
  return { created: results.filter((result) => result === 'created').length };
}

function ensure(category: Category, sending: WriteContext): Promise<'there' | 'created' | { failure: ApiFailure }> {
  const { external_id: id } = category;
  if (sending.categories.get(id)) return Promise.resolve('there');
  return inTurn(id, sending, async () => {
    if (sending.categories.get(id)) return 'there';
    const held = await sending.existing.category(id, sending.lane);
    if (held !== undefined && 'failure' in held) return held;
    if (!held) {
      const created = await create(categories, { attributes: category }, sending);
      if (!created.ok && !exists(created.failure)) return { failure: created.failure };
    }
    sending.categories.set(id, true);
    return held ? 'there' : 'created';
  });
}
