/** Makes categories and items with their variants true. What Klaviyo holds already is not written again. */
import { z } from 'zod';
import {
  categories,
  changedShape,
  compoundId,
  create,
  exists,
  find,
  type Held,
  holdsAll,
  isMissing,
  items,
  listedIn,
  remove,
  update,
} from './catalog-records.ts';
import type { Category, CategoryChange, GoneChange, ItemChange, Receipt } from './change.ts';
import type { Failure } from './errors.ts';
import { delivered, receiptOf } from './receipts.ts';
import { ask, type Sending } from './sending.ts';
import { heldVariants, removeSurplus, sendVariant } from './variants.ts';

export async function sendCategory(change: CategoryChange, sending: Sending): Promise<Receipt> {
  const record = { attributes: change.category };
  const held = await find(categories, change.category.external_id, sending);
  if (held !== undefined && 'failure' in held) return receiptOf(held.failure);
  if (held && holdsAll(change.category, held.attributes)) return delivered;
  if (held) {
    const updated = await update(categories, record, sending);
    if (updated.ok) return delivered;
    if (!isMissing(updated.failure)) return receiptOf(updated.failure);
  }
  const created = await create(categories, record, sending);
  if (created.ok) return delivered;
  if (!exists(created.failure)) return receiptOf(created.failure);
  const again = await update(categories, record, sending);
  return again.ok ? delivered : receiptOf(again.failure);
}

/** Asks before it deletes: a sync meets every product that was never published. */
export async function sendGone(change: GoneChange, sending: Sending): Promise<Receipt> {
  const kind = change.what === 'category' ? categories : items;
  const held = await find(kind, change.externalId, sending);
  if (held === undefined) return delivered;
  return 'failure' in held ? receiptOf(held.failure) : remove(kind, change.externalId, sending);
}

/** Writes the item, then makes its variants exactly the given ones. */
export async function sendItem(change: ItemChange & { readAt: number }, sending: Sending): Promise<Receipt> {
  const written = await writeItem(change, sending);
  if (written.outcome !== 'delivered') return written;
  const itemId = change.item.external_id;
  const held = await heldVariants(itemId, sending);
  if ('failure' in held) return receiptOf(held.failure);
  const wanted = new Set(change.variants.map((variant) => variant.external_id));
  const surplus = [...held.variants.keys()].filter((sku) => !wanted.has(sku));
  const receipts = await Promise.all([
    ...change.variants.map((variant) =>
      sendVariant(change, variant, { sending, held: held.variants.get(variant.external_id) }),
    ),
    ...surplus.map((sku) => removeSurplus(itemId, sku, sending)),
  ]);
  return worst(receipts);
}

async function writeItem(change: ItemChange, sending: Sending): Promise<Receipt> {
  const { item } = change;
  const held = await find(items, item.external_id, sending);
  if (held !== undefined && 'failure' in held) return receiptOf(held.failure);
  const same = held ? await isTrueAlready(change, held, sending) : false;
  if (typeof same === 'object') return receiptOf(same.failure);
  if (same) return delivered;
  const data = change.categories.map(({ external_id }) => ({ type: 'catalog-category', id: compoundId(external_id) }));
  const record = { attributes: item, relationships: { categories: { data } } };
  const write = () => (held ? update(items, record, sending) : create(items, record, sending));
  const first = await write();
  if (first.ok) return delivered;
  if (first.failure.kind !== 'refused') return receiptOf(first.failure);
  const missing = await createMissing(change.categories, sending);
  if ('failure' in missing) return receiptOf(missing.failure);
  // Also when none was missing any more: another item of the same categories may have created them meanwhile.
  const again = missing.created > 0 || pointsAtCategories(first.failure) ? await write() : first;
  if (again.ok) return delivered;
  if (!held && exists(again.failure)) {
    const updated = await update(items, record, sending);
    return updated.ok ? delivered : receiptOf(updated.failure);
  }
  return receiptOf(again.failure);
}

function pointsAtCategories(failure: Failure): boolean {
  return failure.kind === 'refused' && failure.errors.some(({ pointer }) => pointer?.includes('/categories'));
}

const links = z.object({ data: z.array(z.object({ id: z.string() })) });

/** The mark in custom_metadata says which links were written; a category that was deleted in Klaviyo took its links along. */
async function isTrueAlready(
  { item, categories: wanted }: ItemChange,
  held: Held,
  sending: Sending,
): Promise<boolean | { failure: Failure }> {
  if (!holdsAll(item, held.attributes)) return false;
  const linked = new Set<string>();
  const list = { endpoint: 'listCategoryIdsOfItem' as const, id: compoundId(item.external_id) };
  if (wanted.length === 0) return true;
  for await (const page of sending.client.pages({ ...list, lane: sending.lane, signal: sending.signal })) {
    if (!page.ok) return { failure: page.failure };
    const listed = links.safeParse(page.body);
    if (!listed.success) return { failure: changedShape };
    for (const { id } of listed.data.data) linked.add(id);
  }
  return wanted.every(({ external_id }) => linked.has(compoundId(external_id)));
}

const mostIds = 100;

/** Creates those of the categories that Klaviyo lacks, ancestors first. */
async function createMissing(
  wanted: readonly Category[],
  sending: Sending,
): Promise<{ created: number } | { failure: Failure }> {
  const known = new Set<string>();
  for (let from = 0; from < wanted.length; from += mostIds) {
    const ids = wanted.slice(from, from + mostIds).map(({ external_id }) => compoundId(external_id));
    const query = { filter: `any(ids,${JSON.stringify(ids)})`, 'page[size]': String(mostIds) };
    const answer = await ask(sending, { endpoint: 'listCategories', query });
    if (!answer.ok) return { failure: answer.failure };
    const listed = listedIn(answer.body);
    if (!listed) return { failure: changedShape };
    for (const { externalId } of listed) known.add(externalId);
  }
  const missing = wanted.filter(({ external_id }) => !known.has(external_id));
  for (const category of missing) {
    const answer = await create(categories, { attributes: category }, sending);
    if (!answer.ok && !exists(answer.failure)) return { failure: answer.failure };
  }
  return { created: missing.length };
}

/** Unavailable before rejected before delivered: the item is true only when all of it is. */
function worst(receipts: readonly Receipt[]): Receipt {
  return (
    receipts.find((receipt) => receipt.outcome === 'unavailable') ??
    receipts.find((receipt) => receipt.outcome === 'rejected') ??
    delivered
  );
}
