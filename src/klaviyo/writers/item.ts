/**
 * Writes items with their variants. Compares with Klaviyo's state first and sends only what differs. Categories are written
 * before their item, and an item before its variants.
 */

import type { ApiFailure } from '../api/errors.ts';
import type { DeleteChange, ItemChange, Receipt } from '../change.ts';
import { compoundId, type ExistingItem, type ExistingRecord } from '../existing-records.ts';
import { delivered, receiptOfFailure, receiptOfResult, withWarnings } from '../receipts.ts';
import {
  includesAll,
  isNotFound,
  pointsAtRelationship,
  remove,
  retryOnConflict,
  update,
  upsert,
} from './catalog-crud.ts';
import { ensureCategories } from './category.ts';
import { deleteUnsold, deleteVariant, skuStateUnknown, writeVariant } from './variant.ts';
import type { WriteContext } from './write-context.ts';

export async function writeItem(change: ItemChange & { readSeq: number }, context: WriteContext): Promise<Receipt> {
  const itemId = change.item.external_id;
  const stockBefore = new Map(change.variants.map(({ sku }) => [sku, context.writtenStock.get(sku)]));
  const existing = await context.existing.item(itemId, context.lane);
  if (existing !== undefined && 'failure' in existing) return receiptOfFailure(existing.failure);
  const receipt = await writeIfChanged(change, existing, context);
  if (receipt.outcome !== 'delivered') return receipt;
  const existingVariants = existing?.variants ?? new Map<string, ExistingRecord>();
  const skus = new Set(change.variants.map((variant) => variant.external_id));
  const surplus = [...existingVariants.keys()].filter((sku) => !skus.has(sku));
  const receipts = await Promise.all([
    ...change.variants.map((variant) =>
      writeVariant(change, variant, {
        context,
        existing: existingVariants.get(variant.external_id),
        stockBefore: stockBefore.get(variant.sku),
      }),
    ),
    ...surplus.map((sku) => deleteVariant(itemId, sku, context)),
  ]);
  return combine(receipts);
}

/**
 * Looks the item up first: a sync requests deletions of all products that were never published. Klaviyo deletes an item's
 * variants with it, so an item that has the sku of another product is hidden instead. Variants that Klaviyo still lists
 * afterwards are deleted too; a sync does not look for them where there was no item. A message deletes an item that is not
 * listed as well: it may be new, with variants that were new too, and nothing would delete it later.
 */
export async function deleteItem(
  { externalId, evenIfSold }: Pick<DeleteChange, 'externalId' | 'evenIfSold'>,
  context: WriteContext,
): Promise<Receipt> {
  const existing = await context.existing.item(externalId, context.lane);
  if (existing === undefined && context.lane === 'bulk') return delivered;
  if (existing !== undefined && 'failure' in existing) return receiptOfFailure(existing.failure);
  const skus = evenIfSold || !existing ? [] : [...existing.variants.keys()];
  const sold = await Promise.all(skus.map((sku) => context.isSold(sku, externalId)));
  if (sold.includes('unknown')) return skuStateUnknown;
  if (!sold.includes(true)) {
    const receipt = await remove('Item', externalId, context);
    // With `evenIfSold` everything is deleted: the variants that are left need no lookup.
    if (receipt.outcome !== 'delivered' || evenIfSold) return receipt;
    return deleteListedVariants(externalId, context);
  }
  const attributes = { external_id: externalId, published: false };
  if (existing && includesAll(existing.attributes, attributes)) return delivered;
  const hidden = receiptOfResult(await update('Item', { attributes }, context));
  return withWarnings(hidden, [
    { code: 'item-hidden', detail: 'not deleted: another product has the sku of a variant' },
  ]);
}

async function deleteListedVariants(itemId: string, context: WriteContext): Promise<Receipt> {
  const skus = await context.existing.skusOfItem(itemId, context.lane);
  if ('failure' in skus) return receiptOfFailure(skus.failure);
  return combine(await Promise.all(skus.map((sku) => deleteUnsold(sku, itemId, context))));
}

async function writeIfChanged(
  change: ItemChange,
  existing: ExistingItem | undefined,
  context: WriteContext,
): Promise<Receipt> {
  const ensured = await ensureCategories(change.categories, context);
  if ('failure' in ensured) return receiptOfFailure(ensured.failure);
  // The hash in custom_metadata covers the relationships. Those to a category that was just created are missing as well.
  const isUnchanged = existing !== undefined && ensured.created === 0 && includesAll(existing.attributes, change.item);
  if (isUnchanged && !context.force) return delivered;
  const first = await upsertItem(change, existing, context);
  if (first.ok || !concernsRelated(first.failure, existing !== undefined)) return receiptOfResult(first);
  // A category of the cache was deleted in Klaviyo by another client.
  for (const { external_id } of change.categories) context.knownCategories.delete(external_id);
  const recreated = await ensureCategories(change.categories, context);
  if ('failure' in recreated) return receiptOfFailure(recreated.failure);
  return receiptOfResult(retryOnConflict(await upsertItem(change, existing, context), isNotFound));
}

/** A creation is answered 404 only because of a related record; for an update the pointer shows which one is missing. */
function concernsRelated(failure: ApiFailure, exists: boolean): boolean {
  return pointsAtRelationship(failure) || (!exists && isNotFound(failure));
}

function upsertItem({ item, categories }: ItemChange, existing: ExistingItem | undefined, context: WriteContext) {
  const data = categories.map(({ external_id }) => ({ type: 'catalog-category', id: compoundId(external_id) }));
  const record = { attributes: item, relationships: { categories: { data } } };
  return upsert('Item', { record, exists: existing !== undefined }, context);
}

/**
 * @returns the first unavailable receipt, else the first rejected one, else delivered with the sum of what rose from 0, and
 * each warning once
 */
function combine(receipts: readonly Receipt[]): Receipt {
  const raisedFromZero = receipts.reduce(
    (sum, receipt) => sum + (receipt.outcome === 'delivered' ? (receipt.raisedFromZero ?? 0) : 0),
    0,
  );
  const failed =
    receipts.find((receipt) => receipt.outcome === 'unavailable') ??
    receipts.find((receipt) => receipt.outcome === 'rejected');
  if (failed) return failed;
  const warnings = new Map(
    receipts
      .flatMap((receipt) => receipt.warnings ?? [])
      .map((warning) => [`${warning.code}: ${warning.detail}`, warning]),
  );
  return withWarnings(raisedFromZero > 0 ? { outcome: 'delivered', raisedFromZero } : delivered, [
    ...warnings.values(),
  ]);
}
