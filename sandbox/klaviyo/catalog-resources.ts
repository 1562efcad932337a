/** Serializes catalog records. A variant names its item, and a category its items, by links only. */
import type { Category, Item, Sellable, Variant } from './catalog-records.ts';
import { type JsonApiResource, type ResourceContext, relationship, relationshipLinks, resource } from './resources.ts';
import { inMicroseconds } from './times.ts';

/** Whether a response answers a write, which keeps the order of the metadata's keys, or a read, which does not. */
export type ResponseOf = 'read' | 'write';

export function itemResource(item: Item, context: ResourceContext, responseOf: ResponseOf = 'read'): JsonApiResource {
  const { seq: _seq, categoryIds: _categories, variantIds, id, ...attributes } = item;
  const ref = { type: 'catalog-item', path: 'catalog-items', id };
  const variants = () => [...variantIds].map((variant) => ({ type: 'catalog-variant', id: variant }));
  return {
    ...resource(context, ref, shown(attributes, responseOf)),
    relationships: { variants: relationship(context, ref, 'variants', variants) },
  };
}

export function variantResource(
  variant: Variant,
  context: ResourceContext,
  responseOf: ResponseOf = 'read',
): JsonApiResource {
  const { seq: _seq, itemId: _item, id, ...attributes } = variant;
  const ref = { type: 'catalog-variant', path: 'catalog-variants', id };
  return {
    ...resource(context, ref, shown(attributes, responseOf)),
    relationships: { item: relationshipLinks(context, ref, 'item') },
  };
}

export function categoryResource(category: Category, context: ResourceContext): JsonApiResource {
  const { external_id, name, updated, id } = category;
  const ref = { type: 'catalog-category', path: 'catalog-categories', id };
  return {
    ...resource(context, ref, { external_id, name, updated: inMicroseconds(updated) }),
    relationships: { items: relationshipLinks(context, ref, 'items') },
  };
}

function shown(attributes: Pick<Sellable, 'created' | 'updated' | 'custom_metadata'>, responseOf: ResponseOf) {
  const { created, updated, custom_metadata } = attributes;
  return {
    ...attributes,
    custom_metadata: responseOf === 'write' ? custom_metadata : sortedByKey(custom_metadata),
    created: inMicroseconds(created),
    updated: inMicroseconds(updated),
  };
}

function sortedByKey(metadata: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}
