/** Writes variants with their item, and the stock of single variants. Writes to the same sku run one after the other. */

import type { CatalogVariant, ItemChange, Receipt, StockChange } from '../change.ts';
import { compoundId, type ExistingRecord } from '../existing-records.ts';
import { delivered, receiptOfFailure, receiptOfResult, withWarnings } from '../receipts.ts';
import {
  create,
  includesAll,
  isDuplicate,
  isNotFound,
  remove,
  retryOnConflict,
  update,
  updateAttributes,
} from './catalog-crud.ts';
import type { WriteContext, WrittenStock } from './write-context.ts';

type Sequenced<Change> = Change & { readSeq: number };

interface VariantContext {
  context: WriteContext;
  /** The variant under this item in Klaviyo. */
  existing: ExistingRecord | undefined;
}

interface LookedUp extends VariantContext {
  /** What this process had written when the variant was looked up. */
  stockBefore: WrittenStock | undefined;
}

function risesFromZero(existing: ExistingRecord | undefined, { inventory_quantity }: CatalogVariant): boolean {
  return existing?.attributes.inventory_quantity === 0 && inventory_quantity > 0;
}

/** A new variant needs a quantity, and no customer waits for it yet. An update can do without one. */
function updatableOf(variant: CatalogVariant, { keepStock }: WriteContext) {
  const { inventory_quantity, ...others } = variant;
  return keepStock ? others : { ...others, inventory_quantity };
}

export function writeVariant(
  change: Sequenced<ItemChange>,
  variant: CatalogVariant,
  { context, existing: lookedUp, stockBefore }: LookedUp,
): Promise<Receipt> {
  return exclusively(variant.sku, context, async () => {
    const existing = lookedUp && withStockWrittenSince(lookedUp, stockBefore, context.writtenStock.get(variant.sku));
    const latest = withLatestStock(variant, change.readSeq, context);
    const receipt = await writeIfChanged(change.item.external_id, latest, { context, existing });
    if (receipt.outcome !== 'delivered') return receipt;
    if (!context.keepStock) rememberStock(latest, change.readSeq, context);
    return risesFromZero(existing, latest) ? { ...receipt, raisedFromZero: 1 } : receipt;
  });
}

export const skuStateUnknown: Receipt = {
  outcome: 'unavailable',
  reason: 'commercetools does not tell now whether another product has the sku',
};

/**
 * Deletes a variant that is no longer part of its item. It is looked up under the item once more, since another process may
 * have deleted it and created it under another item; and it stays while another product has its sku, since Klaviyo can't
 * move a variant and a new one would have lost its back-in-stock subscribers.
 */
export function deleteVariant(itemId: string, sku: string, context: WriteContext): Promise<Receipt> {
  return exclusively(sku, context, async () => {
    const existing = await context.existing.variantOfItem(itemId, sku, context.lane);
    if (existing === undefined) return delivered;
    return 'failure' in existing ? receiptOfFailure(existing.failure) : removeUnsold(sku, itemId, context);
  });
}

/** Deletes a variant of an item that is gone, unless another product has its sku. */
export function deleteUnsold(sku: string, itemId: string, context: WriteContext): Promise<Receipt> {
  return exclusively(sku, context, () => removeUnsold(sku, itemId, context));
}

async function removeUnsold(sku: string, itemId: string, context: WriteContext): Promise<Receipt> {
  const sold = await context.isSold(sku, itemId);
  if (sold === 'unknown') return skuStateUnknown;
  if (sold) return withWarnings(delivered, [{ code: 'variant-kept', detail: 'another product has its sku' }]);
  return remove('Variant', sku, context);
}

function exclusively<T>(sku: string, context: WriteContext, job: () => Promise<T>): Promise<T> {
  return context.mutex.runExclusive(`variant:${sku}`, job);
}

/** Stock may have been written while the item waited for it, so that the lookup shows an older state of the variant. */
function withStockWrittenSince(
  existing: ExistingRecord,
  before: WrittenStock | undefined,
  written: WrittenStock | undefined,
): ExistingRecord {
  if (written === undefined || written === before) return existing;
  const stock = { inventory_quantity: written.quantity, inventory_policy: written.policy };
  return { ...existing, attributes: { ...existing.attributes, ...stock } };
}

/** Keeps written stock whose `readSeq` is higher than the item's: older stock must not be visible in between. */
function withLatestStock(variant: CatalogVariant, readSeq: number, { writtenStock }: WriteContext): CatalogVariant {
  const written = writtenStock.get(variant.sku);
  if (written === undefined || written.readSeq <= readSeq) return variant;
  return { ...variant, inventory_quantity: written.quantity, inventory_policy: written.policy };
}

function rememberStock(variant: CatalogVariant, readSeq: number, { writtenStock }: WriteContext): void {
  const written = writtenStock.get(variant.sku);
  if (written !== undefined && written.readSeq > readSeq) return;
  writtenStock.set(variant.sku, { quantity: variant.inventory_quantity, policy: variant.inventory_policy, readSeq });
}

async function writeIfChanged(
  itemId: string,
  variant: CatalogVariant,
  { context, existing }: VariantContext,
): Promise<Receipt> {
  const item = { data: { type: 'catalog-item', id: compoundId(itemId) } };
  const record = { attributes: variant, relationshipsOnCreate: { item } };
  const attributes = updatableOf(variant, context);
  if (existing !== undefined) {
    if (!context.force && includesAll(existing.attributes, attributes)) return delivered;
    const updated = await update('Variant', { attributes }, context);
    if (updated.ok) return delivered;
    if (!isNotFound(updated.failure)) return receiptOfFailure(updated.failure);
  }
  const created = await create('Variant', record, context);
  if (created.ok) return delivered;
  // Another process has deleted the item since it was looked up. A retry sees the new state.
  if (isNotFound(created.failure)) return { outcome: 'unavailable', reason: 'its item has just been deleted' };
  if (!isDuplicate(created.failure)) return receiptOfFailure(created.failure);
  // Under this item after all (lists lag behind, or a response was lost), or under another one, where it stays: Klaviyo
  // can't move a variant, and a new one would have lost its back-in-stock subscribers.
  const duplicate = await context.existing.variant(variant.external_id, context.lane);
  if (duplicate !== undefined && 'failure' in duplicate) return receiptOfFailure(duplicate.failure);
  if (duplicate && !context.force && includesAll(duplicate.attributes, attributes)) return delivered;
  return receiptOfResult(retryOnConflict(await update('Variant', { attributes }, context), isNotFound));
}

/** Updates quantity and policy together. Skips a variant that Klaviyo does not have: it is created with its item. */
export function writeStock(change: Sequenced<StockChange>, context: WriteContext): Promise<Receipt> {
  const { sku, quantity, policy, readSeq } = change;
  return exclusively(sku, context, async () => {
    const written = context.writtenStock.get(sku);
    if (written !== undefined && written.readSeq > readSeq) return delivered;
    const attributes = { inventory_quantity: quantity, inventory_policy: policy };
    const result = await updateAttributes('Variant', { externalId: sku, attributes }, context);
    const isUnknown = !result.ok && isNotFound(result.failure);
    if (!result.ok && !isUnknown) return receiptOfFailure(result.failure);
    // Also for an unknown variant: its item may be in flight with older stock.
    context.writtenStock.set(sku, { quantity, policy, readSeq });
    return isUnknown ? { outcome: 'skipped', reason: 'Klaviyo has no variant with this sku' } : delivered;
  });
}
