/**
 * Makes categories, items with their variants, and stock true. What Klaviyo holds already is not written again.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Category, CategoryChange, GoneChange, ItemChange, Receipt, StockChange, Variant } from './change.ts';
import type { Answer } from './client.ts';
import type { EndpointName } from './endpoints.ts';
import type { Failure } from './errors.ts';
import { delivered, receiptOf } from './receipts.ts';
import { ask, type Sending } from './sending.ts';

/** Klaviyo's compound id; the only integration and catalogue there are. */
export const compoundId = (externalId: string) => `$custom:::$default:::${externalId}`;

const attributes = z.record(z.string(), z.unknown());
const one = z.object({ data: z.object({ attributes }) });
const many = z.object({ data: z.array(z.object({ id: z.string(), attributes })) });

const changedShape: Failure = { kind: 'unavailable', reason: 'Klaviyo answered in an unknown shape' };
const isMissing = (failure: Failure) => failure.kind === 'refused' && failure.status === 404;
const exists = (failure: Failure) => failure.kind === 'refused' && failure.status === 409;

/** A kind of catalogue record: its endpoints. */
interface Kind {
  type: 'catalog-category' | 'catalog-item' | 'catalog-variant';
  create: EndpointName;
  update: EndpointName;
  remove: EndpointName;
}
const categories: Kind = {
  type: 'catalog-category',
  create: 'createCategory',
  update: 'updateCategory',
  remove: 'deleteCategory',
};
const items: Kind = { type: 'catalog-item', create: 'createItem', update: 'updateItem', remove: 'deleteItem' };
const variants: Kind = {
  type: 'catalog-variant',
  create: 'createVariant',
  update: 'updateVariant',
  remove: 'deleteVariant',
};

/** A change with the count of when its facts were read. */
type Read<Change> = Change & { readAt: number };

interface Written {
  attributes: { external_id: string };
  /** Only creations name the relationship of a variant to its item: it can't change. */
  onCreate?: Record<string, unknown>;
  relationships?: Record<string, unknown>;
}

function create({ type, create: endpoint }: Kind, record: Written, sending: Sending): Promise<Answer> {
  const relationships = { ...record.relationships, ...record.onCreate };
  const data = {
    type,
    attributes: { integration_type: '$custom', catalog_type: '$default', ...record.attributes },
    ...(Object.keys(relationships).length === 0 ? {} : { relationships }),
  };
  return ask(sending, { endpoint, body: { data } });
}

function update({ type, update: endpoint }: Kind, record: Written, sending: Sending): Promise<Answer> {
  const { external_id: externalId, ...attributes } = withoutFixed(record.attributes);
  const id = compoundId(externalId);
  const data = { type, id, attributes, ...(record.relationships ? { relationships: record.relationships } : {}) };
  return ask(sending, { endpoint, id, body: { data } });
}

/** `sku` stays as it was created: it is the external_id. */
function withoutFixed(attributes: { external_id: string; sku?: string }) {
  const { sku: _sku, ...rest } = attributes;
  return rest;
}

/** Deletes; what is not there is as wanted. */
async function remove({ remove: endpoint }: Kind, externalId: string, sending: Sending): Promise<Receipt> {
  const answer = await ask(sending, { endpoint, id: compoundId(externalId) });
  return answer.ok || isMissing(answer.failure) ? delivered : receiptOf(answer.failure);
}

export async function sendCategory(change: CategoryChange, sending: Sending): Promise<Receipt> {
  const record = { attributes: change.category };
  const updated = await update(categories, record, sending);
  if (updated.ok) return delivered;
  if (!isMissing(updated.failure)) return receiptOf(updated.failure);
  const created = await create(categories, record, sending);
  if (created.ok) return delivered;
  if (!exists(created.failure)) return receiptOf(created.failure);
  const again = await update(categories, record, sending);
  return again.ok ? delivered : receiptOf(again.failure);
}

export function sendGone(change: GoneChange, sending: Sending): Promise<Receipt> {
  return remove(change.what === 'category' ? categories : items, change.externalId, sending);
}

/** Writes the item, then makes its variants exactly the given ones. */
export async function sendItem(change: Read<ItemChange>, sending: Sending): Promise<Receipt> {
  const written = await writeItem(change, sending);
  if (written.outcome !== 'delivered') return written;
  const held = await heldVariants(change.item.external_id, sending);
  if ('failure' in held) return receiptOf(held.failure);
  const wanted = new Set(change.variants.map((variant) => variant.external_id));
  const surplus = [...held.variants.keys()].filter((sku) => !wanted.has(sku));
  const receipts = await Promise.all([
    ...change.variants.map((variant) =>
      sendVariant(change, variant, { sending, held: held.variants.get(variant.external_id) }),
    ),
    ...surplus.map((sku) => sending.locks.hold(`variant:${sku}`, () => remove(variants, sku, sending))),
  ]);
  return worst(receipts);
}

async function writeItem(change: ItemChange, sending: Sending): Promise<Receipt> {
  const { item } = change;
  const known = await ask(sending, { endpoint: 'getItem', id: compoundId(item.external_id) });
  if (!known.ok && !isMissing(known.failure)) return receiptOf(known.failure);
  const holds = known.ok ? one.safeParse(known.body) : undefined;
  if (holds && !holds.success) return receiptOf(changedShape);
  // The mark in custom_metadata stands for the links, which Klaviyo does not show here.
  if (holds && differing(item, holds.data.data.attributes) === 0) return delivered;
  const links = {
    categories: {
      data: change.categories.map(({ external_id }) => ({ type: 'catalog-category', id: compoundId(external_id) })),
    },
  };
  const record = { attributes: item, relationships: links };
  const write = () => (holds ? update(items, record, sending) : create(items, record, sending));
  const first = await write();
  if (first.ok) return delivered;
  if (first.failure.kind !== 'refused') return receiptOf(first.failure);
  const missing = await createMissing(change.categories, sending);
  if ('failure' in missing) return receiptOf(missing.failure);
  const again = missing.created > 0 ? await write() : first;
  if (again.ok) return delivered;
  if (!holds && exists(again.failure)) {
    const updated = await update(items, record, sending);
    return updated.ok ? delivered : receiptOf(updated.failure);
  }
  return receiptOf(again.failure);
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
    const listed = many.safeParse(answer.body);
    if (!listed.success) return { failure: changedShape };
    for (const { id } of listed.data.data) known.add(id);
  }
  const missing = wanted.filter(({ external_id }) => !known.has(compoundId(external_id)));
  for (const category of missing) {
    const answer = await create(categories, { attributes: category }, sending);
    if (!answer.ok && !exists(answer.failure)) return { failure: answer.failure };
  }
  return { created: missing.length };
}

async function heldVariants(
  itemId: string,
  sending: Sending,
): Promise<{ variants: Map<string, Record<string, unknown>> } | { failure: Failure }> {
  const found = new Map<string, Record<string, unknown>>();
  const list = { endpoint: 'listVariantsOfItem' as const, id: compoundId(itemId), query: { 'page[size]': '100' } };
  for await (const page of sending.client.pages({ ...list, lane: sending.lane, signal: sending.signal })) {
    if (!page.ok) return { failure: page.failure };
    const listed = many.safeParse(page.body);
    if (!listed.success) return { failure: changedShape };
    for (const { id, attributes } of listed.data.data) found.set(id.split(':::').slice(2).join(':::'), attributes);
  }
  return { variants: found };
}

interface VariantSending {
  sending: Sending;
  /** What Klaviyo holds of it under this item. */
  held: Record<string, unknown> | undefined;
}

function sendVariant(change: Read<ItemChange>, variant: Variant, { sending, held }: VariantSending): Promise<Receipt> {
  return sending.locks.hold(`variant:${variant.sku}`, async () => {
    const fresh = withLatestStock(variant, change.readAt, sending);
    const receipt = await writeVariant(change.item.external_id, fresh, { sending, held });
    if (receipt.outcome === 'delivered') remember(fresh, change.readAt, sending);
    return receipt;
  });
}

/** Stock that was read later than the item was, and is written already, stays: it must not go up for a moment. */
function withLatestStock(variant: Variant, readAt: number, { stock }: Sending): Variant {
  const written = stock.get(variant.sku);
  if (written === undefined || written.readAt <= readAt) return variant;
  return { ...variant, inventory_quantity: written.quantity, inventory_policy: written.policy };
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
    if (differing(variant, held) === 0) return delivered;
    const updated = await update(variants, record, sending);
    if (updated.ok) return delivered;
    if (!isMissing(updated.failure)) return receiptOf(updated.failure);
  }
  const created = await create(variants, record, sending);
  if (created.ok) return delivered;
  if (!exists(created.failure)) return receiptOf(created.failure);
  // The sku is under another item, and a variant can't move: deleted there, created here.
  const removed = await remove(variants, variant.external_id, sending);
  if (removed.outcome !== 'delivered') return removed;
  const again = await create(variants, record, sending);
  return again.ok ? delivered : receiptOf(again.failure);
}

/** Writes quantity and policy together; a variant that Klaviyo does not know comes with its item. */
export async function sendStock(change: Read<StockChange>, sending: Sending): Promise<Receipt> {
  return sending.locks.hold(`variant:${change.sku}`, async () => {
    const written = sending.stock.get(change.sku);
    if (written !== undefined && written.readAt > change.readAt) return delivered;
    const id = compoundId(change.sku);
    const attributes = { inventory_quantity: change.quantity, inventory_policy: change.policy };
    const body = { data: { type: 'catalog-variant', id, attributes } };
    const answer = await ask(sending, { endpoint: 'updateVariant', id, body });
    if (!answer.ok && isMissing(answer.failure))
      return { outcome: 'skipped', reason: 'Klaviyo has no variant with this sku' };
    if (!answer.ok) return receiptOf(answer.failure);
    sending.stock.set(change.sku, { quantity: change.quantity, policy: change.policy, readAt: change.readAt });
    return delivered;
  });
}

/** How many of the wanted attributes Klaviyo does not hold as they shall be. */
function differing(wanted: object, held: Record<string, unknown>): number {
  return Object.entries(wanted).filter(([name, value]) => !isDeepStrictEqual(held[name], value)).length;
}

/** Unavailable before rejected before delivered: the item is true only when all of it is. */
function worst(receipts: readonly Receipt[]): Receipt {
  return (
    receipts.find((receipt) => receipt.outcome === 'unavailable') ??
    receipts.find((receipt) => receipt.outcome === 'rejected') ??
    delivered
  );
}
