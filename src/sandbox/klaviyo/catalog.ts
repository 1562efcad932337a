// The catalogue: items, their variants, and categories, with the rules that tie them together.
// https://developers.klaviyo.com/en/reference/catalogs_api_overview
import type {
  ChangedCategory,
  ChangedItem,
  ChangedVariant,
  NewCategory,
  NewItem,
  NewVariant,
} from './catalog-bodies.ts';
import { notFound, type Problem } from './problems.ts';

type Shared = {
  id: string;
  seq: number;
  external_id: string;
  created: string;
  updated: string;
};

type Sellable = Shared & {
  title: string;
  description: string;
  url: string;
  price: number | null;
  image_full_url: string | null;
  image_thumbnail_url: string | null;
  images: string[] | null;
  custom_metadata: Record<string, unknown> | null;
  published: boolean;
};

export type Item = Sellable & { categoryIds: Set<string>; variantIds: Set<string> };
export type Variant = Sellable & {
  sku: string;
  inventory_policy: 0 | 1 | 2;
  inventory_quantity: number;
  itemId: string;
};
export type Category = Shared & { name: string; itemIds: Set<string> };

/** A variant whose stock went from 0 to more: in a real account its back-in-stock flow would have mailed people. */
export type BackInStock = { variantId: string; from: number; to: number; at: string };

/** What went wrong with one record, its pointer relative to the record (`/data` for the record itself). */
export type Outcome<T> = { record: T } | { problem: Problem };

export type Catalog = ReturnType<typeof createCatalog>;

export function createCatalog() {
  const items = new Map<string, Item>();
  const variants = new Map<string, Variant>();
  const categories = new Map<string, Category>();
  const backInStock: BackInStock[] = [];
  let seq = 0;

  function shared(externalId: string): Shared {
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
    const wanted = [...itemIds];
    if (mode === 'replace') for (const id of category.itemIds) linkOne(category, id, 'remove');
    for (const id of wanted) linkOne(category, id, mode === 'remove' ? 'remove' : 'add');
  }

  function linkOne(category: Category, itemId: string, mode: 'add' | 'remove'): void {
    const item = items.get(itemId);
    if (item !== undefined) linkCategories(item, [category.id], mode);
  }

  // JSON:API asks for 404 where a request names a related resource that does not exist
  // (https://jsonapi.org/format/#crud-creating-responses-404); the pointer tells it from a missing record itself.
  function missing(kind: 'item' | 'category', links: readonly { id: string }[] | undefined, pointer: string) {
    const known = kind === 'item' ? items : categories;
    const index = (links ?? []).findIndex((link) => !known.has(link.id));
    const link = links?.[index];
    if (link === undefined) return undefined;
    return notFound(`A catalog ${kind} with id ${link.id} does not exist.`, `${pointer}/${index}/id`);
  }

  return {
    items,
    variants,
    categories,
    backInStock,
    missing,
    linkCategories,
    linkItems,

    createItem({ attributes, relationships }: NewItem): Outcome<Item> {
      if (items.has(compoundId(attributes.external_id))) return { problem: exists('item') };
      const linked = relationships?.categories?.data;
      const problem = missing('category', linked, '/data/relationships/categories/data');
      if (problem !== undefined) return { problem };
      const item = {
        ...shared(attributes.external_id),
        ...sellable(attributes),
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

    updateItem({ id, attributes, relationships }: ChangedItem): Outcome<Item> {
      const item = items.get(id);
      if (item === undefined) return { problem: unknown('item', id) };
      const linked = relationships?.categories?.data;
      const problem = missing('category', linked, '/data/relationships/categories/data');
      if (problem !== undefined) return { problem };
      change(item, attributes);
      if (linked !== undefined)
        linkCategories(
          item,
          linked.map((link) => link.id),
          'replace',
        );
      return { record: item };
    },

    deleteItem(id: string): Outcome<Item> {
      const item = items.get(id);
      if (item === undefined) return { problem: unknown('item', id) };
      for (const categoryId of [...item.categoryIds]) unlink(item, categoryId);
      for (const variantId of item.variantIds) variants.delete(variantId);
      items.delete(id);
      return { record: item };
    },

    createVariant({ attributes, relationships }: NewVariant): Outcome<Variant> {
      if (variants.has(compoundId(attributes.external_id))) return { problem: exists('variant') };
      const link = relationships.item.data;
      const item = link === undefined ? undefined : items.get(link.id);
      if (item === undefined) {
        return {
          problem: notFound(`A catalog item with id ${link?.id} does not exist.`, '/data/relationships/item/data/id'),
        };
      }
      const { sku, inventory_quantity } = attributes;
      const stock = { sku, inventory_quantity, inventory_policy: attributes.inventory_policy ?? 0 };
      const variant = { ...shared(attributes.external_id), ...sellable(attributes), ...stock, itemId: item.id };
      variants.set(variant.id, variant);
      item.variantIds.add(variant.id);
      return { record: variant };
    },

    updateVariant({ id, attributes }: ChangedVariant): Outcome<Variant> {
      const variant = variants.get(id);
      if (variant === undefined) return { problem: unknown('variant', id) };
      const before = variant.inventory_quantity;
      change(variant, attributes);
      variant.sku = attributes.sku ?? variant.sku;
      variant.inventory_policy = attributes.inventory_policy ?? variant.inventory_policy;
      variant.inventory_quantity = attributes.inventory_quantity ?? before;
      if (before === 0 && variant.inventory_quantity > 0) {
        backInStock.push({ variantId: id, from: before, to: variant.inventory_quantity, at: variant.updated });
      }
      return { record: variant };
    },

    deleteVariant(id: string): Outcome<Variant> {
      const variant = variants.get(id);
      if (variant === undefined) return { problem: unknown('variant', id) };
      variants.delete(id);
      items.get(variant.itemId)?.variantIds.delete(id);
      return { record: variant };
    },

    createCategory({ attributes, relationships }: NewCategory): Outcome<Category> {
      if (categories.has(compoundId(attributes.external_id))) return { problem: exists('category') };
      const linked = relationships?.items?.data;
      const problem = missing('item', linked, '/data/relationships/items/data');
      if (problem !== undefined) return { problem };
      const category = { ...shared(attributes.external_id), name: attributes.name, itemIds: new Set<string>() };
      categories.set(category.id, category);
      linkItems(
        category,
        (linked ?? []).map((link) => link.id),
        'add',
      );
      return { record: category };
    },

    updateCategory({ id, attributes, relationships }: ChangedCategory): Outcome<Category> {
      const category = categories.get(id);
      if (category === undefined) return { problem: unknown('category', id) };
      const linked = relationships?.items?.data;
      const problem = missing('item', linked, '/data/relationships/items/data');
      if (problem !== undefined) return { problem };
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

    deleteCategory(id: string): Outcome<Category> {
      const category = categories.get(id);
      if (category === undefined) return { problem: unknown('category', id) };
      linkItems(category, [], 'replace');
      categories.delete(id);
      return { record: category };
    },
  };
}

export type LinkMode = 'add' | 'replace' | 'remove';

/** The id Klaviyo gives a catalogue record: only this integration and this catalogue exist. */
export function compoundId(externalId: string): string {
  return `$custom:::$default:::${externalId}`;
}

function sellable(attributes: NewItem['attributes'] | NewVariant['attributes']) {
  const { title, description, url, price, image_full_url, image_thumbnail_url, images, custom_metadata, published } =
    attributes;
  return {
    ...{ title, description, url },
    price: price ?? null,
    image_full_url: image_full_url ?? null,
    image_thumbnail_url: image_thumbnail_url ?? null,
    images: images ?? null,
    custom_metadata: custom_metadata ?? null,
    published: published ?? true,
  };
}

/** Null empties what may be empty and leaves what must have a value; absent leaves. */
function change(record: Sellable, attributes: ChangedItem['attributes'] | ChangedVariant['attributes']): void {
  record.title = attributes.title ?? record.title;
  record.description = attributes.description ?? record.description;
  record.url = attributes.url ?? record.url;
  record.published = attributes.published ?? record.published;
  if (attributes.price !== undefined) record.price = attributes.price;
  if (attributes.image_full_url !== undefined) record.image_full_url = attributes.image_full_url;
  if (attributes.image_thumbnail_url !== undefined) record.image_thumbnail_url = attributes.image_thumbnail_url;
  if (attributes.images !== undefined) record.images = attributes.images;
  if (attributes.custom_metadata !== undefined) record.custom_metadata = attributes.custom_metadata;
  record.updated = new Date().toISOString();
}

function exists(kind: string): Problem {
  const detail = `A catalog ${kind} with this external_id already exists.`;
  return { status: 409, code: 'duplicate_result', title: 'Conflict.', detail, pointer: '/data/attributes/external_id' };
}

function unknown(kind: string, id: string): Problem {
  return notFound(`A catalog ${kind} with id ${id} does not exist.`, '/data/id');
}
