/** Makes variants true: each sku under its item, with the latest stock that was read. */

import type { ItemChange, Receipt, StockChange, Variant } from '../change.ts';
import { compoundId, type ExistingRecord } from '../existing-records.ts';
import { delivered, receiptOfFailure, receiptOfResult } from '../receipts.ts';
import {
  create,
  exists,
  holdsAll,
  isMissing,
  pointsAtLink,
  remove,
  unlessChanged,
  update,
  updateSome,
  variants,
} from './catalog-crud.ts';
import type { WriteContext } from './write-context.ts';

/** A change with the count of when its facts were read. */
type Read<Change> = Change & { readSeq: number };

interface VariantSending {
  sending: WriteContext;
  /** What Klaviyo lists of it under this item. */
  held: ExistingRecord | undefined;
}

export function sendVariant(
  change: Read<ItemChange>,
  variant: Variant,
  { sending, held }: VariantSending,
): Promise<Receipt> {
  return inTurn(variant.sku, sending, async () => {
    const fresh = withLatestStock(variant, change.readSeq, sending);
    const receipt = await writeVariant(change.item.external_id, fresh, { sending, held });
    if (receipt.outcome === 'delivered') remember(fresh, change.readSeq, sending);
    return receipt;
  });
}

/** Deletes a variant that its item has no more, unless another item has taken the sku since it was listed. */
export function removeSurplus(itemId: string, sku: string, sending: WriteContext): Promise<Receipt> {
  return inTurn(sku, sending, async () => {
    const now = await sending.existing.variant(sku, sending.lane);
    if (now === undefined) return delivered;
    if ('failure' in now) return receiptOfFailure(now.failure);
    return now.itemId === undefined || now.itemId === itemId ? remove(variants, sku, sending) : delivered;
  });
}

function inTurn<T>(sku: string, sending: WriteContext, job: () => Promise<T>): Promise<T> {
  return sending.locks.runExclusive(`variant:${sku}`, job);
}

/** Stock that was read later than the item was stays: it must not go up for a moment. */
function withLatestStock(variant: Variant, readSeq: number, { stock }: WriteContext): Variant {
  const known = stock.get(variant.sku);
  if (known === undefined || known.readSeq <= readSeq) return variant;
  return { ...variant, inventory_quantity: known.quantity, inventory_policy: known.policy };
}

function remember(variant: Variant, readSeq: number, { stock }: WriteContext): void {
  const known = stock.get(variant.sku);
  if (known !== undefined && known.readSeq > readSeq) return;
  stock.set(variant.sku, { quantity: variant.inventory_quantity, policy: variant.inventory_policy, readSeq });
}

async function writeVariant(itemId: string, variant: Variant, { sending, held }: VariantSending): Promise<Receipt> {
  const item = { data: { type: 'catalog-item', id: compoundId(itemId) } };
  const record = { attributes: variant, onCreate: { item } };
  if (held !== undefined) {
    if (!sending.force && holdsAll(variant, held.attributes)) return delivered;
    const updated = await update(variants, record, sending);
    if (updated.ok) return delivered;
    if (!isMissing(updated.failure)) return receiptOfFailure(updated.failure);
  }
  const created = await create(variants, record, sending);
  if (created.ok) return delivered;
  // Another process deleted it since it was looked up: whoever reads again sees why.
  if (isMissing(created.failure) && pointsAtLink(created.failure))
    return { outcome: 'unavailable', reason: 'its item has just been deleted' };
  if (!exists(created.failure)) return receiptOfFailure(created.failure);
  // Lists may lag behind: it may be under this item after all, or the first answer was lost.
  const now = await sending.existing.variant(variant.external_id, sending.lane);
  if (now !== undefined && 'failure' in now) return receiptOfFailure(now.failure);
  if (now?.itemId === itemId) {
    return receiptOfResult(unlessChanged(await update(variants, record, sending), isMissing));
  }
  // The sku is under another item, and a variant can't move: deleted there, created here.
  const removed = await remove(variants, variant.external_id, sending);
  if (removed.outcome !== 'delivered') return removed;
  return receiptOfResult(unlessChanged(await create(variants, record, sending), exists));
}

/** Writes quantity and policy together; a variant that Klaviyo does not know comes with its item. */
export function sendStock(change: Read<StockChange>, sending: WriteContext): Promise<Receipt> {
  return inTurn(change.sku, sending, async () => {
    const known = sending.stock.get(change.sku);
    if (known !== undefined && known.readSeq > change.readSeq) return delivered;
    const attributes = { inventory_quantity: change.quantity, inventory_policy: change.policy };
    const answer = await updateSome(variants, { externalId: change.sku, attributes }, { sending, way: sending });
    const unknown = !answer.ok && isMissing(answer.failure);
    if (!answer.ok && !unknown) return receiptOfFailure(answer.failure);
    // Also of an unknown variant: its item may be on its way with stock that was read before this.
    sending.stock.set(change.sku, { quantity: change.quantity, policy: change.policy, readSeq: change.readSeq });
    return unknown ? { outcome: 'skipped', reason: 'Klaviyo has no variant with this sku' } : delivered;
  });
}
