/** Request body schemas of the catalog endpoints. https://developers.klaviyo.com/en/reference/catalogs_api_overview */
import { z } from 'zod';
import { checkMetadata } from './payload-limits.ts';

/** Maximum number of records per catalog job. */
const maxRecordsPerJob = 100;

const text = z.string().nullish();
const metadata = z.record(z.string(), z.unknown()).nullish().superRefine(checkMetadata);
const images = {
  image_full_url: text,
  image_thumbnail_url: text,
  images: z.array(z.string()).nullish(),
};
const recordKeys = {
  external_id: z.string().min(1),
  integration_type: z.literal('$custom').nullish(),
  catalog_type: z.literal('$default').nullish(),
};
const inventoryPolicy = z.union([z.literal(0), z.literal(1), z.literal(2)]).nullish();

function link<T extends string>(type: T) {
  return z.strictObject({ type: z.literal(type), id: z.string() });
}

function links<T extends string>(type: T) {
  return z.strictObject({ data: z.array(link(type)).optional() }).optional();
}

const itemLinks = z.strictObject({ categories: links('catalog-category') }).optional();
const categoryLinks = z.strictObject({ items: links('catalog-item') }).optional();

export const newItem = z.strictObject({
  type: z.literal('catalog-item'),
  attributes: z.strictObject({
    ...recordKeys,
    title: z.string(),
    price: z.number().nullish(),
    description: z.string(),
    url: z.string(),
    ...images,
    custom_metadata: metadata,
    published: z.boolean().nullish(),
  }),
  relationships: itemLinks,
});

export const changedItem = z.strictObject({
  type: z.literal('catalog-item'),
  id: z.string(),
  attributes: z.strictObject({
    title: text,
    price: z.number().nullish(),
    description: text,
    url: text,
    ...images,
    custom_metadata: metadata,
    published: z.boolean().nullish(),
  }),
  relationships: itemLinks,
});

export const newVariant = z.strictObject({
  type: z.literal('catalog-variant'),
  attributes: z.strictObject({
    ...recordKeys,
    title: z.string(),
    description: z.string(),
    sku: z.string(),
    inventory_policy: inventoryPolicy,
    inventory_quantity: z.number(),
    price: z.number(),
    url: z.string(),
    ...images,
    custom_metadata: metadata,
    published: z.boolean().nullish(),
  }),
  relationships: z.strictObject({ item: z.strictObject({ data: link('catalog-item').optional() }) }),
});

export const changedVariant = z.strictObject({
  type: z.literal('catalog-variant'),
  id: z.string(),
  attributes: z.strictObject({
    title: text,
    description: text,
    sku: text,
    inventory_policy: inventoryPolicy,
    inventory_quantity: z.number().nullish(),
    price: z.number().nullish(),
    url: text,
    ...images,
    custom_metadata: metadata,
    published: z.boolean().nullish(),
  }),
});

export const newCategory = z.strictObject({
  type: z.literal('catalog-category'),
  attributes: z.strictObject({ ...recordKeys, name: z.string() }),
  relationships: categoryLinks,
});

export const changedCategory = z.strictObject({
  type: z.literal('catalog-category'),
  id: z.string(),
  attributes: z.strictObject({ name: text }),
  relationships: categoryLinks,
});

export const deletedItem = link('catalog-item');
export const deletedVariant = link('catalog-variant');
export const deletedCategory = link('catalog-category');

export const itemIds = z.strictObject({ data: z.array(link('catalog-item')) });
export const categoryIds = z.strictObject({ data: z.array(link('catalog-category')) });

/** Returns the schema `{ data: record }`, used by the endpoints for a single record. */
export function singleRecord<T extends z.ZodType>(record: T) {
  return z.strictObject({ data: record });
}

function recordList<T extends z.ZodType>(record: T) {
  const message = `At most ${maxRecordsPerJob} records in one request.`;
  return z.strictObject({ data: z.array(record).min(1).max(maxRecordsPerJob, message) });
}

/** Returns the body schema that starts a bulk job on items. */
export function itemJob<N extends string, T extends z.ZodType>(type: N, record: T) {
  const attributes = z.strictObject({ items: recordList(record) });
  return z.strictObject({ data: z.strictObject({ type: z.literal(type), attributes }) });
}

export function variantJob<N extends string, T extends z.ZodType>(type: N, record: T) {
  const attributes = z.strictObject({ variants: recordList(record) });
  return z.strictObject({ data: z.strictObject({ type: z.literal(type), attributes }) });
}

export function categoryJob<N extends string, T extends z.ZodType>(type: N, record: T) {
  const attributes = z.strictObject({ categories: recordList(record) });
  return z.strictObject({ data: z.strictObject({ type: z.literal(type), attributes }) });
}

export type NewItem = z.infer<typeof newItem>;
export type ChangedItem = z.infer<typeof changedItem>;
export type NewVariant = z.infer<typeof newVariant>;
export type ChangedVariant = z.infer<typeof changedVariant>;
export type NewCategory = z.infer<typeof newCategory>;
export type ChangedCategory = z.infer<typeof changedCategory>;
