/**
 * In-memory catalog: items, variants and categories, with their referential rules.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import type { KlaviyoBehaviours } from './behaviours.ts';
import type {
  ChangedCategory,
  ChangedItem,
  ChangedVariant,
  NewCategory,
  NewItem,
  NewVariant,
} from './catalog-bodies.ts';
import {
  alreadyExists,
  applyChanges,
  type BackInStock,
  type CatalogRecord,
  type CatalogResult,
  type Category,
  compoundId,
  type Item,
  sellableFields,
  unknownRecord,
  type Variant,
} from './catalog-records.ts';
import { type ErrorObject, notFound } from './errors.ts';

/** Creates an empty catalog. Its methods return the record or an error object. */
type CatalogBehaviours = Pick<KlaviyoBehaviours, 'missingLinkPointer' | 'variantsOfDeletedItem'>;

export function createCatalog({ missingLinkPointer, variantsOfDeletedItem }: CatalogBehaviours) {
  const items = new Map<string, Item>();
  const variants = new Map<string, Variant>();
  const categories = new Map<string, Category>();
  const backInStock: BackInStock[] = [];
  let seq = 0;

  function recordFields(externalId: string): CatalogRecord {
    seq += 1;
    const now = new Date().toISOString();
    return { id: compoundId(externalId), seq, external_id: externalId, created: now, updated: now };
  }

  function linkCategories(item: Item, categoryIds: Iterable<string>, mode: LinkMode): void {
    if (mode === 'replace') for (const id of item.categoryIds) unlink(item, id);
    for (const id of categoryIds) {
      if (mode === 'remove') unlink(item, id);
      else {
        item.categoryIds.add(id);
        categories.get(id)?.itemIds.add(item.id);
      }
    }
  }

  function unlink(item: Item, categoryId: string): void {
    item.categoryIds.delete(categoryId);
    categories.get(categoryId)?.itemIds.delete(item.id);
  }

  function linkItems(category: Category, itemIds: Iterable<string>, mode: LinkMode): void {
    const ids = [...itemIds];
    if (mode === 'replace') for (const id of category.itemIds) linkOne(category, id, 'remove');
    for (const id of ids) linkOne(category, id, mode === 'remove' ? 'remove' : 'add');
  }

  function linkOne(category: Category, itemId: string, mode: 'add' | 'remove'): void {
    const item = items.get(itemId);
    if (item !== undefined) linkCategories(item, [category.id], mode);
  }

  // JSON:API requires 404 for a request that names a missing related resource
  // (https://jsonapi.org/format/#crud-creating-responses-404). Only a pointer to it distinguishes it from a missing record.
  function missingLink(detail: string, pointer: string): ErrorObject {
    return missingLinkPointer === 'data' ? notFound(detail) : { ...notFound(detail), pointer };
  }

  function findMissingLink(
    recordType: 'item' | 'category',
    links: readonly { id: string }[] | undefined,
    pointer: string,
  ) {
    const known = recordType === 'item' ? items : categories;
    const index = (links ?? []).findIndex((link) => !known.has(link.id));
    const link = links?.[index];
    if (link === undefined) return undefined;
    return missingLink(`A catalog ${recordType} with id ${link.id} does not exist.`, `${pointer}/${index}/id`);
  }

  return {
    items,
    variants,
    categories,
    backInStock,
    findMissingLink,
    linkCategories,
    linkItems,

    createItem({ attributes, relationships }: NewItem): CatalogResult<Item> {
      if (items.has(compoundId(attributes.external_id))) return { error: alreadyExists('item') };
      const linked = relationships?.categories?.data;
      const error = findMissingLink('category', linked, '/data/relationships/categories/data');
      if (error !== undefined) return { error };
      const item = {
        ...recordFields(attributes.external_id),
        ...sellableFields(attributes),
        categoryIds: new Set<string>(),
        variantIds: new Set<string>(),
      };
      items.set(item.id, item);
      linkCategories(
        item,
        (linked ?? []).map((link) => link.id),
        'add',
      );
      return { record: item };
    },

    updateItem({ id, attributes, relationships }: ChangedItem): CatalogResult<Item> {
      const item = items.get(id);
      if (item === undefined) return { error: unknownRecord('item', id) };
      const linked = relationships?.categories?.data;
      const error = findMissingLink('category', linked, '/data/relationships/categories/data');
      if (error !== undefined) return { error };
      applyChanges(item, attributes);
      if (linked !== undefined)
        linkCategories(
          item,
          linked.map((link) => link.id),
          'replace',
        );
      return { record: item };
    },

    deleteItem(id: string): CatalogResult<Item> {
      const item = items.get(id);
      if (item === undefined) return { error: unknownRecord('item', id) };
      for (const categoryId of [...item.categoryIds]) unlink(item, categoryId);
      if (variantsOfDeletedItem === 'deleted') for (const variantId of item.variantIds) variants.delete(variantId);
      items.delete(id);
      return { record: item };
    },

    createVariant({ attributes, relationships }: NewVariant): CatalogResult<Variant> {
      if (variants.has(compoundId(attributes.external_id))) return { error: alreadyExists('variant') };
      const link = relationships.item.data;
      const item = link === undefined ? undefined : items.get(link.id);
      if (item === undefined) {
        return {
          error: missingLink(`A catalog item with id ${link?.id} does not exist.`, '/data/relationships/item/data/id'),
        };
      }
      const { sku, inventory_quantity } = attributes;
      const stock = { sku, inventory_quantity, inventory_policy: attributes.inventory_policy ?? 0 };
      const variant = {
        ...recordFields(attributes.external_id),
        ...sellableFields(attributes),
        ...stock,
        itemId: item.id,
      };
      variants.set(variant.id, variant);
      item.variantIds.add(variant.id);
      return { record: variant };
    },

    updateVariant({ id, attributes }: ChangedVariant): CatalogResult<Variant> {
      const variant = variants.get(id);
      if (variant === undefined) return { error: unknownRecord('variant', id) };
      const before = variant.inventory_quantity;
      applyChanges(variant, attributes);
      variant.sku = attributes.sku ?? variant.sku;
      variant.inventory_policy = attributes.inventory_policy ?? variant.inventory_policy;
      variant.inventory_quantity = attributes.inventory_quantity ?? before;
      if (before === 0 && variant.inventory_quantity > 0) {
        backInStock.push({ variantId: id, from: before, to: variant.inventory_quantity, at: variant.updated });
      }
      return { record: variant };
    },

    deleteVariant(id: string): CatalogResult<Variant> {
      const variant = variants.get(id);
      if (variant === undefined) return { error: unknownRecord('variant', id) };
      variants.delete(id);
      items.get(variant.itemId)?.variantIds.delete(id);
      return { record: variant };
    },

    createCategory({ attributes, relationships }: NewCategory): CatalogResult<Category> {
      if (categories.has(compoundId(attributes.external_id))) return { error: alreadyExists('category') };
      const linked = relationships?.items?.data;
      const error = findMissingLink('item', linked, '/data/relationships/items/data');
      if (error !== undefined) return { error };
      const category = { ...recordFields(attributes.external_id), name: attributes.name, itemIds: new Set<string>() };
      categories.set(category.id, category);
      linkItems(
        category,
        (linked ?? []).map((link) => link.id),
        'add',
      );
      return { record: category };
    },

    updateCategory({ id, attributes, relationships }: ChangedCategory): CatalogResult<Category> {
      const category = categories.get(id);
      if (category === undefined) return { error: unknownRecord('category', id) };
      const linked = relationships?.items?.data;
      const error = findMissingLink('item', linked, '/data/relationships/items/data');
      if (error !== undefined) return { error };
      category.name = attributes.name ?? category.name;
      category.updated = new Date().toISOString();
      if (linked !== undefined)
        linkItems(
          category,
          linked.map((link) => link.id),
          'replace',
        );
      return { record: category };
    },

    deleteCategory(id: string): CatalogResult<Category> {
      const category = categories.get(id);
      if (category === undefined) return { error: unknownRecord('category', id) };
      linkItems(category, [], 'replace');
      categories.delete(id);
      return { record: category };
    },
  };
}

/** How a relationship request changes existing links. */
export type LinkMode = 'add' | 'replace' | 'remove';
