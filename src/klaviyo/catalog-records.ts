/**
 * One record of Klaviyo's catalogue at a time: read, created, updated, deleted.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Receipt } from './change.ts';
import type { Answer } from './client.ts';
import type { EndpointName } from './endpoints.ts';
import type { Failure } from './errors.ts';
import { delivered, receiptOf } from './receipts.ts';
import { ask, type Sending } from './sending.ts';

const prefix = '$custom:::$default:::';

/** Klaviyo's compound id; the only integration and catalogue there are. */
export const compoundId = (externalId: string) => `${prefix}${externalId}`;

export const changedShape: Failure = { kind: 'unavailable', reason: 'Klaviyo answered in an unknown shape' };
export const isMissing = (failure: Failure) => failure.kind === 'refused' && failure.status === 404;
export const exists = (failure: Failure) => failure.kind === 'refused' && failure.status === 409;

/** A kind of catalogue record: its endpoints. */
export interface Kind {
  type: 'catalog-category' | 'catalog-item' | 'catalog-variant';
  get: EndpointName;
  create: EndpointName;
  update: EndpointName;
  remove: EndpointName;
}
export const categories: Kind = {
  type: 'catalog-category',
  get: 'getCategory',
  create: 'createCategory',
  update: 'updateCategory',
  remove: 'deleteCategory',
};
export const items: Kind = {
  type: 'catalog-item',
  get: 'getItem',
  create: 'createItem',
  update: 'updateItem',
  remove: 'deleteItem',
};
export const variants: Kind = {
  type: 'catalog-variant',
  get: 'getVariant',
  create: 'createVariant',
  update: 'updateVariant',
  remove: 'deleteVariant',
};

/** A record as Klaviyo shows it. */
const held = z.object({
  id: z.string().startsWith(prefix),
  attributes: z.record(z.string(), z.unknown()),
  relationships: z
    .object({
      item: z
        .object({ data: z.object({ id: z.string() }) })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
});
export interface Held {
  externalId: string;
  attributes: Record<string, unknown>;
  /** Of a variant: the item it belongs to, where Klaviyo says it. */
  itemId?: string;
}
const one = z.object({ data: held });
const many = z.object({ data: z.array(held) });

function toHeld({ id, attributes, relationships }: z.infer<typeof held>): Held {
  const itemId = relationships?.item?.data.id.slice(prefix.length);
  return { externalId: id.slice(prefix.length), attributes, ...(itemId === undefined ? {} : { itemId }) };
}

/** @returns what Klaviyo holds, undefined where it holds nothing, or why it can't be told */
export async function find(
  { get: endpoint }: Kind,
  externalId: string,
  sending: Sending,
): Promise<Held | undefined | { failure: Failure }> {
  const answer = await ask(sending, { endpoint, id: compoundId(externalId) });
  if (!answer.ok) return isMissing(answer.failure) ? undefined : { failure: answer.failure };
  const parsed = one.safeParse(answer.body);
  return parsed.success ? toHeld(parsed.data.data) : { failure: changedShape };
}

/** @returns the records of one page of a list */
export function listedIn(body: unknown): Held[] | undefined {
  const parsed = many.safeParse(body);
  return parsed.success ? parsed.data.data.map(toHeld) : undefined;
}

export interface Written {
  attributes: { external_id: string };
  /** Only creations name the relationship of a variant to its item: it can't change. */
  onCreate?: Record<string, unknown>;
  relationships?: Record<string, unknown>;
}

export function create({ type, create: endpoint }: Kind, record: Written, sending: Sending): Promise<Answer> {
  const relationships = { ...record.relationships, ...record.onCreate };
  const data = {
    type,
    attributes: { integration_type: '$custom', catalog_type: '$default', ...record.attributes },
    ...(Object.keys(relationships).length === 0 ? {} : { relationships }),
  };
  return ask(sending, { endpoint, body: { data } });
}

export function update({ type, update: endpoint }: Kind, record: Written, sending: Sending): Promise<Answer> {
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
export async function remove({ remove: endpoint }: Kind, externalId: string, sending: Sending): Promise<Receipt> {
  const answer = await ask(sending, { endpoint, id: compoundId(externalId) });
  return answer.ok || isMissing(answer.failure) ? delivered : receiptOf(answer.failure);
}

/** Whether Klaviyo holds every wanted attribute as it shall be. */
export function holdsAll(wanted: object, attributes: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([name, value]) => isDeepStrictEqual(attributes[name], value));
}
