/**
 * Creates, updates and deletes catalog records, in single requests or jobs as the batcher decides.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiResult } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import type { WriteOptions } from '../batching/batcher.ts';
import { batchItem } from '../batching/bulk-body.ts';
import type { OperationName } from '../batching/operations.ts';
import type { Receipt } from '../change.ts';
import { compoundId } from '../existing-records.ts';
import { delivered, receiptOfResult } from '../receipts.ts';
import { untilSettled, type WriteContext } from './write-context.ts';

export const isNotFound = (failure: ApiFailure) => failure.type === 'rejected' && failure.status === 404;
export const isDuplicate = (failure: ApiFailure) => failure.type === 'rejected' && failure.status === 409;

/** @returns whether the failure is about a related record: an item's category, or a variant's item */
export function pointsAtRelationship(failure: ApiFailure): boolean {
  return failure.type === 'rejected' && failure.errors.some(({ pointer }) => pointer?.includes('/relationships/'));
}

const isRecordNotFound = (failure: ApiFailure) => isNotFound(failure) && !pointsAtRelationship(failure);

/** The write operations of a catalog record type. */
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
  relationships?: Record<string, unknown>;
  /** Relationships that Klaviyo accepts only in a creation: a variant's item. */
  relationshipsOnCreate?: Record<string, unknown>;
}

export function create(
  operations: CatalogOperations,
  record: CatalogRecord,
  context: WriteContext,
): Promise<ApiResult> {
  const relationships = { ...record.relationships, ...record.relationshipsOnCreate };
  const data = {
    type: operations.type,
    attributes: { integration_type: '$custom', catalog_type: '$default', ...record.attributes },
    ...(Object.keys(relationships).length === 0 ? {} : { relationships }),
  };
  return context.batchers.write(operations.create, batchItem(data), untilSettled(context));
}

export function update(
  operations: CatalogOperations,
  { attributes, relationships }: CatalogRecord,
  context: WriteContext,
): Promise<ApiResult> {
  const { external_id: externalId, ...updatable } = withoutSku(attributes);
  const record = { externalId, attributes: updatable, relationships };
  return updateAttributes(operations, record, { context, options: untilSettled(context) });
}

/** Updates the given attributes and leaves the others unchanged. */
export function updateAttributes(
  operations: CatalogOperations,
  record: { externalId: string; attributes: object; relationships?: object | undefined },
  { context, options }: { context: WriteContext; options: WriteOptions },
): Promise<ApiResult> {
  const { externalId, attributes, relationships } = record;
  const id = compoundId(externalId);
  const data = { type: operations.type, id, attributes, relationships };
  return context.batchers.write(operations.update, batchItem(data, id), options);
}

/** Klaviyo does not accept `sku` in an update. */
function withoutSku(attributes: { external_id: string; sku?: string }) {
  const { sku: _sku, ...rest } = attributes;
  return rest;
}

/**
 * Updates an existing record, else creates it. When Klaviyo's answer contradicts `exists`, the other operation is tried.
 * @returns the last result; `unavailable` when it contradicts the first one
 */
export async function upsert(
  operations: CatalogOperations,
  { record, exists }: { record: CatalogRecord; exists: boolean },
  context: WriteContext,
): Promise<ApiResult> {
  const first = await (exists ? update : create)(operations, record, context);
  if (first.ok || !(exists ? isRecordNotFound : isDuplicate)(first.failure)) return first;
  if (exists) return retryOnConflict(await create(operations, record, context), isDuplicate);
  return retryOnConflict(await update(operations, record, context), isRecordNotFound);
}

/** Turns a failure that contradicts an earlier answer into `unavailable`: another process has changed the record. */
export function retryOnConflict(result: ApiResult, isConflict: (failure: ApiFailure) => boolean): ApiResult {
  if (result.ok || !isConflict(result.failure)) return result;
  return { ok: false, failure: { type: 'unavailable', reason: 'another process has just written or deleted it' } };
}

/** Deletes a record; one that does not exist counts as deleted. */
export async function remove(
  operations: CatalogOperations,
  externalId: string,
  context: WriteContext,
): Promise<Receipt> {
  const id = compoundId(externalId);
  const item = { ...batchItem({ type: operations.type, id }, id), singleBody: () => undefined };
  const result = await context.batchers.write(operations.remove, item, untilSettled(context));
  return !result.ok && isNotFound(result.failure) ? delivered : receiptOfResult(result);
}

/** @returns whether the existing attributes include all of these with the same values */
export function includesAll(existing: Record<string, unknown>, attributes: object): boolean {
  return Object.entries(attributes).every(([name, value]) => isDeepStrictEqual(existing[name], value));
}
