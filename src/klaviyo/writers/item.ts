/**
 * Makes items with their variants true. Compared before it is written: what Klaviyo holds already is not sent again. An
 * item waits for its categories, its variants wait for it, and nothing waits for anybody else's.
 */

import type { ItemChange, Receipt } from '../change.ts';
import { compoundId, type ExistingItem } from '../existing-records.ts';
import { delivered, receiptOfFailure, receiptOfResult } from '../receipts.ts';
import { holdsAll, isMissing, items, pointsAtLink, put, remove, unlessChanged } from './catalog-crud.ts';
import { ensureCategories } from './category.ts';
import { removeSurplus, sendVariant } from './variant.ts';
import type { WriteContext } from './write-context.ts';

export async function sendItem(change: ItemChange & { readSeq: number }, sending: WriteContext): Promise<Receipt> {
  const itemId = change.item.external_id;
  const held = await sending.existing.item(itemId, sending.lane);
  if (held !== undefined && 'failure' in held) return receiptOfFailure(held.failure);
  const written = await writeItem(change, held, sending);
  if (written.outcome !== 'delivered') return written;
  const under = held?.variants ?? new Map();
  const wanted = new Set(change.variants.map((variant) => variant.external_id));
  const surplus = [...under.keys()].filter((sku) => !wanted.has(sku));
  const receipts = await Promise.all([
    ...change.variants.map((variant) =>
      sendVariant(change, variant, { sending, held: under.get(variant.external_id) }),
    ),
    ...surplus.map((sku) => removeSurplus(itemId, sku, sending)),
  ]);
  return worst(receipts);
}

/** Asks before it deletes: a sync meets every product that was never published. */
export async function deleteItem(externalId: string, sending: WriteContext): Promise<Receipt> {
  const held = await sending.existing.item(externalId, sending.lane);
  if (held === undefined) return delivered;
  return 'failure' in held ? receiptOfFailure(held.failure) : remove(items, externalId, sending);
}

async function writeItem(change: ItemChange, held: ExistingItem | undefined, sending: WriteContext): Promise<Receipt> {
  const ensured = await ensureCategories(change.categories, sending);
  if ('failure' in ensured) return receiptOfFailure(ensured.failure);
  // The mark in custom_metadata says which links were written; one to a category that was missing is missing too.
  const same = held !== undefined && ensured.created === 0 && holdsAll(change.item, held.attributes);
  if (same && !sending.force) return delivered;
  const first = await putItem(change, held, sending);
  if (first.ok || !pointsAtLink(first.failure)) return receiptOfResult(first);
  // A category that was known to be there is gone: somebody deleted it in Klaviyo.
  for (const { external_id } of change.categories) sending.categories.delete(external_id);
  const again = await ensureCategories(change.categories, sending);
  if ('failure' in again) return receiptOfFailure(again.failure);
  return receiptOfResult(unlessChanged(await putItem(change, held, sending), isMissing));
}

function putItem({ item, categories }: ItemChange, held: ExistingItem | undefined, sending: WriteContext) {
  const data = categories.map(({ external_id }) => ({ type: 'catalog-category', id: compoundId(external_id) }));
  const record = { attributes: item, relationships: { categories: { data } } };
  return put(items, { record, held: held !== undefined }, sending);
}

/** Unavailable before rejected before delivered: the item is true only when all of it is. */
function worst(receipts: readonly Receipt[]): Receipt {
  return (
    receipts.find((receipt) => receipt.outcome === 'unavailable') ??
    receipts.find((receipt) => receipt.outcome === 'rejected') ??
    delivered
  );
}
