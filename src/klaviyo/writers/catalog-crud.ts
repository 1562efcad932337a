/**
 * Records of Klaviyo's catalogue: created, updated, deleted; alone or in jobs, as the writer finds best.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiResult } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import type { WriteOptions } from '../batching/batcher.ts';
import { batchItem } from '../batching/batcher-registry.ts';
import type { OperationName } from '../batching/operations.ts';
import type { Receipt } from '../change.ts';
import { compoundId } from '../existing-records.ts';
import { delivered, receiptOfResult } from '../receipts.ts';
import { untilSettled, type WriteContext } from './write-context.ts';

export const isMissing = (failure: ApiFailure) => failure.type === 'rejected' && failure.status === 404;
export const exists = (failure: ApiFailure) => failure.type === 'rejected' && failure.status === 409;

/** About what the record is linked to: an item's categories, a variant's item. */
export function pointsAtLink(failure: ApiFailure): boolean {
  return failure.type === 'rejected' && failure.errors.some(({ pointer }) => pointer?.includes('/relationships/'));
}

const isGone = (failure: ApiFailure) => isMissing(failure) && !pointsAtLink(failure);

/** A kind of catalogue record: its writes. */
export interface CatalogOperations {
  type: 'catalog-category' | 'catalog-item' | 'catalog-variant';
  create: OperationName;
  update: OperationName;
  remove: OperationName;
}
export const categories: CatalogOperations = {
  type: 'catalog-category',
  create: 'createCategory',
  update: 'updateCategory',
  remove: 'deleteCategory',
};
export const items: CatalogOperations = {
  type: 'catalog-item',
  create: 'createItem',
  update: 'updateItem',
  remove: 'deleteItem',
};
export const variants: CatalogOperations = {
  type: 'catalog-variant',
  create: 'createVariant',
  update: 'updateVariant',
  remove: 'deleteVariant',
};

export interface CatalogRecord {
  attributes: { external_id: string };
  /** Only creations name the relationship of a variant to its item: it can't change. */
  onCreate?: Record<string, unknown>;
  relationships?: Record<string, unknown>;
}

export function create(
  { type, create: name }: CatalogOperations,
  record: CatalogRecord,
  sending: WriteContext,
): Promise<ApiResult> {
  const relationships = { ...record.relationships, ...record.onCreate };
  const data = {
    type,
    attributes: { integration_type: '$custom', catalog_type: '$default', ...record.attributes },
    ...(Object.keys(relationships).length === 0 ? {} : { relationships }),
  };
  return sending.batchers.write(name, batchItem(data), untilSettled(sending));
}

export function update(kind: CatalogOperations, record: CatalogRecord, sending: WriteContext): Promise<ApiResult> {
  const { external_id: externalId, ...attributes } = withoutFixed(record.attributes);
  return updateSome(
    kind,
    { externalId, attributes, relationships: record.relationships },
    { sending, way: untilSettled(sending) },
  );
}

/** Some attributes of a record that is there. */
export function updateSome(
  { type, update: name }: CatalogOperations,
  about: { externalId: string; attributes: object; relationships?: object | undefined },
  { sending, way }: { sending: WriteContext; way: WriteOptions },
): Promise<ApiResult> {
  const { externalId, attributes, relationships } = about;
  const id = compoundId(externalId);
  const data = { type, id, attributes, ...(relationships ? { relationships } : {}) };
  return sending.batchers.write(name, batchItem(data, id), way);
}

/** `sku` stays as it was created: it is the external_id. */
function withoutFixed(attributes: { external_id: string; sku?: string }) {
  const { sku: _sku, ...rest } = attributes;
  return rest;
}

/**
 * Creates or updates, whichever `held` says; where Klaviyo says the opposite, the other one.
 * @returns the last answer; one that says the opposite once more is none for now
 */
export async function put(
  kind: CatalogOperations,
  { record, held }: { record: CatalogRecord; held: boolean },
  sending: WriteContext,
): Promise<ApiResult> {
  const first = await (held ? update : create)(kind, record, sending);
  if (first.ok || !(held ? isGone : exists)(first.failure)) return first;
  if (held) return unlessChanged(await create(kind, record, sending), exists);
  return unlessChanged(await update(kind, record, sending), isGone);
}

/** Against what was just found: another process wrote or deleted it meanwhile, and whoever reads again sees how it stands. */
export function unlessChanged(answer: ApiResult, contradicts: (failure: ApiFailure) => boolean): ApiResult {
  if (answer.ok || !contradicts(answer.failure)) return answer;
  return { ok: false, failure: { type: 'unavailable', reason: 'another process has just written or deleted it' } };
}

/** Deletes; what is not there is as wanted. */
export async function remove(
  { type, remove: name }: CatalogOperations,
  externalId: string,
  sending: WriteContext,
): Promise<Receipt> {
  const id = compoundId(externalId);
  const parcel = { ...batchItem({ type, id }, id), singleBody: () => undefined };
  const answer = await sending.batchers.write(name, parcel, untilSettled(sending));
  return !answer.ok && isMissing(answer.failure) ? delivered : receiptOfResult(answer);
}

/** Whether Klaviyo holds every wanted attribute as it shall be. */
export function holdsAll(wanted: object, attributes: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(attributes[name], value));
}
