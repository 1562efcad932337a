/** Types of catalog records, and functions that fill and update them and build their errors. */
import type { ChangedItem, ChangedVariant, NewItem, NewVariant } from './catalog-bodies.ts';
import { type ErrorObject, notFound } from './errors.ts';

export type CatalogRecord = {
  id: string;
  seq: number;
  external_id: string;
  created: string;
  updated: string;
};

export type Sellable = CatalogRecord & {
  title: string;
  description: string;
  url: string;
  price: number | null;
  /** Images and metadata are never null: an absent image is an empty text. */
  image_full_url: string;
  image_thumbnail_url: string;
  images: string[];
  custom_metadata: Record<string, unknown>;
  published: boolean;
};

export type Item = Sellable & { categoryIds: Set<string>; variantIds: Set<string> };
export type Variant = Sellable & {
  sku: string;
  inventory_policy: 0 | 1 | 2;
  inventory_quantity: number;
  itemId: string;
};
export type Category = CatalogRecord & { name: string; itemIds: Set<string> };

/** A variant whose stock rose from 0. A real account would trigger its back-in-stock flow. */
export type BackInStock = { variantId: string; from: number; to: number; at: string };

/**
 * Result of an operation on one record. The error's pointer is relative to the record (`/data` for the record itself).
 */
export type CatalogResult<T> = { record: T } | { error: ErrorObject };

/** Returns the compound id of a catalog record. The sandbox has one integration and one catalog. */
export function compoundId(externalId: string): string {
  return `$custom:::$default:::${externalId}`;
}

/** Returns the stored fields that items and variants share. Absent images and metadata are stored empty. */
export function sellableFields(attributes: NewItem['attributes'] | NewVariant['attributes']) {
  const { title, description, url, price, image_full_url, image_thumbnail_url, images, custom_metadata, published } =
    attributes;
  return {
    ...{ title, description, url },
    price: price ?? null,
    image_full_url: image_full_url ?? '',
    image_thumbnail_url: image_thumbnail_url ?? '',
    images: images ?? [],
    custom_metadata: custom_metadata ?? {},
    published: published ?? true,
  };
}

/**
 * Updates a record in place. Null clears optional fields and leaves required fields unchanged; absent attributes change
 * nothing.
 */
export function applyChanges(
  record: Sellable,
  attributes: ChangedItem['attributes'] | ChangedVariant['attributes'],
): void {
  record.title = attributes.title ?? record.title;
  record.description = attributes.description ?? record.description;
  record.url = attributes.url ?? record.url;
  record.published = attributes.published ?? record.published;
  if (attributes.price !== undefined) record.price = attributes.price;
  if (attributes.image_full_url !== undefined) record.image_full_url = attributes.image_full_url ?? '';
  if (attributes.image_thumbnail_url !== undefined) record.image_thumbnail_url = attributes.image_thumbnail_url ?? '';
  if (attributes.images !== undefined) record.images = attributes.images ?? [];
  if (attributes.custom_metadata !== undefined) record.custom_metadata = attributes.custom_metadata ?? {};
  record.updated = new Date().toISOString();
}

/** Returns the error for an external_id that already exists. */
export function alreadyExists(recordType: string): ErrorObject {
  const detail = `A catalog ${recordType} with this external_id already exists.`;
  return { status: 409, code: 'duplicate_result', title: 'Conflict.', detail, pointer: '/data/attributes/external_id' };
}

/** Returns the error for a record id that does not exist. */
export function unknownRecord(recordType: string, id: string): ErrorObject {
  return notFound(`A catalog ${recordType} with id ${id} does not exist.`);
}
