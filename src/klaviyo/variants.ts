/** Makes variants true: each sku under its item, with the latest stock that was read. */

import {
  changedShape,
  compoundId,
  create,
  exists,
  find,
  type Held,
  holdsAll,
  isMissing,
  listedIn,
  remove,
  update,
  variants,
} from './catalog-records.ts';
import type { ItemChange, Receipt, StockChange, Variant } from './change.ts';
import type { Failure } from './errors.ts';
import { delivered, receiptOf } from './receipts.ts';
import { ask, type Sending } from './sending.ts';

/** A change with the count of when its facts were read. */
type Read<Change> = Change & { readAt: number };

/** The variants that Klaviyo lists under an item, by sku. */
export async function heldVariants(
  itemId: string,
  sending: Sending,
): Promise<{ variants: Map<string, Held> } | { failure: Failure }> {
  const found = new Map<string, Held>();
  const list = { endpoint: 'listVariantsOfItem' as const, id: compoundId(itemId), query: { 'page[size]': '100' } };
  for await (const page of sending.client.pages({ ...list, lane: sending.lane, signal: sending.signal })) {
    if (!page.ok) return { failure: page.failure };
    const listed = listedIn(page.body);
    if (!listed) return { failure: changedShape };
    for (const one of listed) found.set(one.externalId, one);
  }
  return { variants: found };
}

interface VariantSending {
  sending: Sending;
  /** What Klaviyo lists of it under this item. */
  held: Held | undefined;
}

export function sendVariant(
  change: Read<ItemChange>,
  variant: Variant,
  { sending, held }: VariantSending,
): Promise<Receipt> {
  return sending.locks.hold(`variant:${variant.sku}`, async () => {
    const fresh = withLatestStock(variant, change.readAt, sending);
    const receipt = await writeVariant(change.item.external_id, fresh, { sending, held });
    if (receipt.outcome === 'delivered') remember(fresh, change.readAt, sending);
    return receipt;
  });
}

/** Deletes a variant that its item has no more, unless another item has taken the sku since it was listed. */
export function removeSurplus(itemId: string, sku: string, sending: Sending): Promise<Receipt> {
  return sending.locks.hold(`variant:${sku}`, async () => {
    const now = await find(variants, sku, sending);
    if (now === undefined) return delivered;
    if ('failure' in now) return receiptOf(now.failure);
    return now.itemId === undefined || now.itemId === itemId ? remove(variants, sku, sending) : delivered;
  });
}

/** Stock that was read later than the item was stays: it must not go up for a moment. */
function withLatestStock(variant: Variant, readAt: number, { stock }: Sending): Variant {
  const known = stock.get(variant.sku);
  if (known === undefined || known.readAt <= readAt) return variant;
  return { ...variant, inventory_quantity: known.quantity, inventory_policy: known.policy };
}

function remember(variant: Variant, readAt: number, { stock }: Sending): void {
  const known = stock.get(variant.sku);
  if (known !== undefined && known.readAt > readAt) return;
  stock.set(variant.sku, { quantity: variant.inventory_quantity, policy: variant.inventory_policy, readAt });
}

async function writeVariant(itemId: string, variant: Variant, { sending, held }: VariantSending): Promise<Receipt> {
  const item = { data: { type: 'catalog-item', id: compoundId(itemId) } };
  const record = { attributes: variant, onCreate: { item } };
  if (held !== undefined) {
    if (holdsAll(variant, held.attributes)) return delivered;
    const updated = await update(variants, record, sending);
    if (updated.ok) return delivered;
    if (!isMissing(updated.failure)) return receiptOf(updated.failure);
  }
  const created = await create(variants, record, sending);
  if (created.ok) return delivered;
  if (!exists(created.failure)) return receiptOf(created.failure);
  // Lists may lag behind: it may be under this item after all, or the first answer was lost.
  const now = await find(variants, variant.external_id, sending);
  if (now !== undefined && 'failure' in now) return receiptOf(now.failure);
  if (now?.itemId === itemId) {
    const updated = await update(variants, record, sending);
    return updated.ok ? delivered : receiptOf(updated.failure);
  }
  // The sku is under another item, and a variant can't move: deleted there, created here.
  const removed = await remove(variants, variant.external_id, sending);
  if (removed.outcome !== 'delivered') return removed;
  const again = await create(variants, record, sending);
  return again.ok ? delivered : receiptOf(again.failure);
}

/** Writes quantity and policy together; a variant that Klaviyo does not know comes with its item. */
export function sendStock(change: Read<StockChange>, sending: Sending): Promise<Receipt> {
  return sending.locks.hold(`variant:${change.sku}`, async () => {
    const known = sending.stock.get(change.sku);
    if (known !== undefined && known.readAt > change.readAt) return delivered;
    const id = compoundId(change.sku);
    const attributes = { inventory_quantity: change.quantity, inventory_policy: change.policy };
    const body = { data: { type: 'catalog-variant', id, attributes } };
    const answer = await ask(sending, { endpoint: 'updateVariant', id, body });
    const unknown = !answer.ok && isMissing(answer.failure);
    if (!answer.ok && !unknown) return receiptOf(answer.failure);
    // Also of an unknown variant: its item may be on its way with stock that was read before this.
    sending.stock.set(change.sku, { quantity: change.quantity, policy: change.policy, readAt: change.readAt });
    return unknown ? { outcome: 'skipped', reason: 'Klaviyo has no variant with this sku' } : delivered;
  });
}
