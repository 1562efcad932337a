/**
 * Records of Klaviyo's catalogue: created, updated, deleted; alone or in jobs, as the writer finds best.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from '../api/client.ts';
import type { Failure } from '../api/errors.ts';
import type { Way } from '../batching/batcher.ts';
import { parcelOf } from '../batching/batcher-registry.ts';
import type { WriteName } from '../batching/operations.ts';
import type { Receipt } from '../change.ts';
import { compoundId } from '../existing-records.ts';
import { delivered, receiptFor } from '../receipts.ts';
import { once, type Sending } from './write-context.ts';

export const isMissing = (failure: Failure) => failure.kind === 'refused' && failure.status === 404;
export const exists = (failure: Failure) => failure.kind === 'refused' && failure.status === 409;

/** About what the record is linked to: an item's categories, a variant's item. */
export function pointsAtLink(failure: Failure): boolean {
  return failure.kind === 'refused' && failure.errors.some(({ pointer }) => pointer?.includes('/relationships/'));
}

const isGone = (failure: Failure) => isMissing(failure) && !pointsAtLink(failure);

/** A kind of catalogue record: its writes. */
export interface Kind {
  type: 'catalog-category' | 'catalog-item' | 'catalog-variant';
  create: WriteName;
  update: WriteName;
  remove: WriteName;
}
export const categories: Kind = {
  type: 'catalog-category',
  create: 'createCategory',
  update: 'updateCategory',
  remove: 'deleteCategory',
};
export const items: Kind = { type: 'catalog-item', create: 'createItem', update: 'updateItem', remove: 'deleteItem' };
export const variants: Kind = {
  type: 'catalog-variant',
  create: 'createVariant',
  update: 'updateVariant',
  remove: 'deleteVariant',
};

export interface Wanted {
  attributes: { external_id: string };
  /** Only creations name the relationship of a variant to its item: it can't change. */
  onCreate?: Record<string, unknown>;
  relationships?: Record<string, unknown>;
}

export function create({ type, create: name }: Kind, record: Wanted, sending: Sending): Promise<Answer> {
  const relationships = { ...record.relationships, ...record.onCreate };
  const data = {
    type,
    attributes: { integration_type: '$custom', catalog_type: '$default', ...record.attributes },
    ...(Object.keys(relationships).length === 0 ? {} : { relationships }),
  };
  return sending.writer.write(name, parcelOf(data), once(sending));
}

export function update(kind: Kind, record: Wanted, sending: Sending): Promise<Answer> {
  const { external_id: externalId, ...attributes } = withoutFixed(record.attributes);
  return updateSome(
    kind,
    { externalId, attributes, relationships: record.relationships },
    { sending, way: once(sending) },
  );
}

/** Some attributes of a record that is there. */
export function updateSome(
  { type, update: name }: Kind,
  about: { externalId: string; attributes: object; relationships?: object | undefined },
  { sending, way }: { sending: Sending; way: Way },
): Promise<Answer> {
  const { externalId, attributes, relationships } = about;
  const id = compoundId(externalId);
  const data = { type, id, attributes, ...(relationships ? { relationships } : {}) };
  return sending.writer.write(name, parcelOf(data, id), way);
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
  kind: Kind,
  { record, held }: { record: Wanted; held: boolean },
  sending: Sending,
): Promise<Answer> {
  const first = await (held ? update : create)(kind, record, sending);
  if (first.ok || !(held ? isGone : exists)(first.failure)) return first;
  if (held) return unlessChanged(await create(kind, record, sending), exists);
  return unlessChanged(await update(kind, record, sending), isGone);
}

/** Against what was just found: another process wrote or deleted it meanwhile, and whoever reads again sees how it stands. */
export function unlessChanged(answer: Answer, contradicts: (failure: Failure) => boolean): Answer {
  if (answer.ok || !contradicts(answer.failure)) return answer;
  return { ok: false, failure: { kind: 'unavailable', reason: 'another process has just written or deleted it' } };
}

/** Deletes; what is not there is as wanted. */
export async function remove({ type, remove: name }: Kind, externalId: string, sending: Sending): Promise<Receipt> {
  const id = compoundId(externalId);
  const parcel = { ...parcelOf({ type, id }, id), alone: () => undefined };
  const answer = await sending.writer.write(name, parcel, once(sending));
  return !answer.ok && isMissing(answer.failure) ? delivered : receiptFor(answer);
}

/** Whether Klaviyo holds every wanted attribute as it shall be. */
export function holdsAll(wanted: object, attributes: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(attributes[name], value));
}
