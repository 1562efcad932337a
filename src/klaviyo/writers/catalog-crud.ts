/** Writes catalog records. https://developers.klaviyo.com/en/reference/catalogs_api_overview */
import { isDeepStrictEqual } from 'node:util';
import type { ApiResult } from '../api/client.ts';
import type { ApiFailure } from '../api/errors.ts';
import { catalogBatchItem } from '../batching/bulk-body.ts';
import type { CatalogType } from '../batching/operations.ts';
import type { Receipt } from '../change.ts';
import { compoundId } from '../existing-records.ts';
import { delivered, receiptOfResult } from '../receipts.ts';
import type { WriteContext } from './write-context.ts';

export const isNotFound = (failure: ApiFailure) => failure.type === 'rejected' && failure.status === 404;
export const isDuplicate = (failure: ApiFailure) => failure.type === 'rejected' && failure.status === 409;

/** @returns whether the failure is about a related record: an item's category, or a variant's item */
export function pointsAtRelationship(failure: ApiFailure): boolean {
  return failure.type === 'rejected' && failure.errors.some(({ pointer }) => pointer?.includes('/relationships/'));
}

const isRecordNotFound = (failure: ApiFailure) => isNotFound(failure) && !pointsAtRelationship(failure);

export interface CatalogRecord {
  attributes: { external_id: string; sku?: string };
  relationships?: Record<string, unknown>;
  /** Relationships that Klaviyo accepts only in a creation: a variant's item. */
  relationshipsOnCreate?: Record<string, unknown>;
}

const resourceType = (type: CatalogType) => `catalog-${type.toLowerCase()}`;

export function create(type: CatalogType, record: CatalogRecord, context: WriteContext): Promise<ApiResult> {
  const build = () => {
    const relationships = { ...record.relationships, ...record.relationshipsOnCreate };
    return {
      type: resourceType(type),
      attributes: { integration_type: '$custom', catalog_type: '$default', ...record.attributes },
      ...(Object.keys(relationships).length === 0 ? {} : { relationships }),
    };
  };
  const item = { ...catalogBatchItem(build), recordId: compoundId(record.attributes.external_id) };
  return context.batchers.write(`create${type}`, item, context);
}

export function update(
  type: CatalogType,
  { attributes, relationships }: CatalogRecord,
  context: WriteContext,
): Promise<ApiResult> {
  // Klaviyo does not accept `sku` in an update.
  const { external_id: externalId, sku: _sku, ...updatable } = attributes;
  const record = { externalId, attributes: updatable, relationships };
  return updateAttributes(type, record, context);
}

/** Updates the given attributes and leaves the others unchanged. */
export function updateAttributes(
  type: CatalogType,
  record: { externalId: string; attributes: object; relationships?: object | undefined },
  context: WriteContext,
): Promise<ApiResult> {
  const { externalId, attributes, relationships } = record;
  const id = compoundId(externalId);
  const build = () => ({ type: resourceType(type), id, attributes, relationships });
  return context.batchers.write(`update${type}`, catalogBatchItem(build, id), context);
}

/**
 * Updates an existing record, else creates it. When Klaviyo's answer contradicts `exists`, the other operation is tried.
 * @returns the last result; `unavailable` when it contradicts the first one
 */
export async function upsert(
  type: CatalogType,
  { record, exists }: { record: CatalogRecord; exists: boolean },
  context: WriteContext,
): Promise<ApiResult> {
  const first = await (exists ? update : create)(type, record, context);
  if (first.ok || !(exists ? isRecordNotFound : isDuplicate)(first.failure)) return first;
  if (exists) return retryOnConflict(await create(type, record, context), isDuplicate);
  return retryOnConflict(await update(type, record, context), isRecordNotFound);
}

/** Turns a failure that contradicts an earlier answer into `unavailable`: another process has changed the record. */
export function retryOnConflict(result: ApiResult, isConflict: (failure: ApiFailure) => boolean): ApiResult {
  if (result.ok || !isConflict(result.failure)) return result;
  return { ok: false, failure: { type: 'unavailable', reason: 'another process has just written or deleted it' } };
}

/** Deletes a record; one that does not exist counts as deleted. */
export async function remove(type: CatalogType, externalId: string, context: WriteContext): Promise<Receipt> {
  const id = compoundId(externalId);
  const item = { ...catalogBatchItem(() => ({ type: resourceType(type), id }), id), singleBody: () => undefined };
  const result = await context.batchers.write(`delete${type}`, item, context);
  return !result.ok && isNotFound(result.failure) ? delivered : receiptOfResult(result);
}

/** @returns whether the existing attributes include all of these with the same values; absent, null and "" are equal */
export function includesAll(existing: Record<string, unknown>, attributes: object): boolean {
  return Object.entries(attributes).every(([name, value]) => isDeepStrictEqual(orNull(existing[name]), orNull(value)));
}

/** Klaviyo returns an absent image as an empty text, as was recorded. */
function orNull(value: unknown): unknown {
  return value === '' || value === undefined ? null : value;
}
