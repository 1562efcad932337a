/**
 * Routes for single catalog records: list, get, create, update and delete items, variants and categories.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import type { Account } from './account.ts';
import type { Api, ApiResponse, Call } from './api.ts';
import type { CatalogRecord, CatalogResult, Category, Item, Variant } from './catalog-records.ts';
import { categoryResource, itemResource, variantResource } from './catalog-resources.ts';
import { invalid, notFound, RequestError } from './errors.ts';
import { type Filter, parseFilter, passes } from './filter.ts';
import { paginate, parameter } from './query.ts';
import type { JsonApiResource } from './resources.ts';

const pageSize = { default: 100, max: 100 };
const sorts = { created: (record: { seq: number }) => record.seq };

export function addItemRoutes(api: Api, account: Account): void {
  api.on('get_catalog_items', (call) => listItems(account, call, account.catalog.items.values()));
  api.on('get_catalog_item', (call) => {
    const item = getOrThrow(account.catalog.items, 'item', call.id);
    return { status: 200, body: { data: itemResource(item, call), ...includedVariants(account, call, [item]) } };
  });
  api.onBody('create_catalog_item', ({ data }, call) =>
    toResponse(201, account.catalog.createItem(data), (item) => itemResource(item, call, 'write')),
  );
  api.onBody('update_catalog_item', ({ data }, call) => {
    assertSameId(data.id, call);
    return toResponse(200, account.catalog.updateItem(data), (item) => itemResource(item, call, 'write'));
  });
  api.on('delete_catalog_item', (call) => deleted(account.catalog.deleteItem(call.id)));
}

export function addVariantRoutes(api: Api, account: Account): void {
  api.on('get_catalog_variants', (call) => listVariants(account, call, account.catalog.variants.values()));
  api.on('get_catalog_variant', (call) => {
    call.include();
    const variant = getOrThrow(account.catalog.variants, 'variant', call.id);
    return { status: 200, body: { data: variantResource(variant, call) } };
  });
  api.onBody('create_catalog_variant', ({ data }, call) =>
    toResponse(201, account.catalog.createVariant(data), (variant) => variantResource(variant, call, 'write')),
  );
  api.onBody('update_catalog_variant', ({ data }, call) => {
    assertSameId(data.id, call);
    return toResponse(200, account.catalog.updateVariant(data), (variant) => variantResource(variant, call, 'write'));
  });
  api.on('delete_catalog_variant', (call) => deleted(account.catalog.deleteVariant(call.id)));
}

export function addCategoryRoutes(api: Api, account: Account): void {
  api.on('get_catalog_categories', (call) => listCategories(account, call, account.catalog.categories.values()));
  api.on('get_catalog_category', (call) => {
    const category = getOrThrow(account.catalog.categories, 'category', call.id);
    return { status: 200, body: { data: categoryResource(category, call) } };
  });
  api.onBody('create_catalog_category', ({ data }, call) =>
    toResponse(201, account.catalog.createCategory(data), (category) => categoryResource(category, call)),
  );
  api.onBody('update_catalog_category', ({ data }, call) => {
    assertSameId(data.id, call);
    return toResponse(200, account.catalog.updateCategory(data), (category) => categoryResource(category, call));
  });
  api.on('delete_catalog_category', (call) => deleted(account.catalog.deleteCategory(call.id)));
}

/** Returns one page of items, with their variants if the request has `include=variants`. */
export function listItems(account: Account, call: Call, items: Iterable<Item>): ApiResponse {
  const page = itemPage(account, call, items);
  const data = page.records.map((item) => itemResource(item, call));
  return { status: 200, body: { data, ...includedVariants(account, call, page.records), links: page.links } };
}

export function listVariants(account: Account, call: Call, variants: Iterable<Variant>): ApiResponse {
  call.include();
  const page = variantPage(account, call, variants);
  return {
    status: 200,
    body: { data: page.records.map((variant) => variantResource(variant, call, 'write')), links: page.links },
  };
}

export function listCategories(account: Account, call: Call, categories: Iterable<Category>): ApiResponse {
  const page = categoryPage(account, call, categories);
  return {
    status: 200,
    body: { data: page.records.map((category) => categoryResource(category, call)), links: page.links },
  };
}

export function itemPage(account: Account, call: Call, items: Iterable<Item>) {
  const allowed = { ids: ['any'], 'category.id': ['equals'], title: ['contains'], published: ['equals'] };
  return listPage(account, call, { records: items, allowed }, (item, { field }) => {
    if (field === 'ids') return [item.id];
    if (field === 'category.id') return [...item.categoryIds];
    return [field === 'title' ? item.title : item.published];
  });
}

export function variantPage(account: Account, call: Call, variants: Iterable<Variant>) {
  const allowed = { ids: ['any'], 'item.id': ['equals'], sku: ['equals'], title: ['contains'], published: ['equals'] };
  return listPage(account, call, { records: variants, allowed }, (variant, { field }) => {
    if (field === 'ids') return [variant.id];
    if (field === 'item.id') return [variant.itemId];
    if (field === 'sku') return [variant.sku];
    return [field === 'title' ? variant.title : variant.published];
  });
}

export function categoryPage(account: Account, call: Call, categories: Iterable<Category>) {
  const allowed = { ids: ['any'], 'item.id': ['equals'], name: ['contains'] };
  return listPage(account, call, { records: categories, allowed }, (category, { field }) => {
    if (field === 'ids') return [category.id];
    return field === 'item.id' ? [...category.itemIds] : [category.name];
  });
}

/** Returns the record, or throws a 404 error for the id in the path. */
export function getOrThrow<T>(records: ReadonlyMap<string, T>, recordType: string, id: string): T {
  const record = records.get(id);
  if (record === undefined) throw new RequestError(notFound(`A catalog ${recordType} with id ${id} does not exist.`));
  return record;
}

function listPage<T extends CatalogRecord>(
  account: Account,
  call: Call,
  { records, allowed }: { records: Iterable<T>; allowed: Record<string, string[]> },
  valuesOf: (record: T, filter: Filter) => (string | boolean)[],
) {
  const filters = parseFilter(parameter(call.query, 'filter'), allowed);
  const criteria = filters.map((filter) => ({ filter, values: new Set(filter.values) }));
  const listed = [...records].filter((record) => account.isListed(record.created));
  const selected = listed.filter((record) =>
    criteria.every(({ filter, values }) =>
      valuesOf(record, filter).some((value) => (filter.operator === 'any' ? values.has(value) : passes(filter, value))),
    ),
  );
  return paginate({ ...call, records: selected, pageSize, sorts });
}

function includedVariants(account: Account, call: Call, items: readonly Item[]) {
  if (!call.include('variants').includes('variants')) return {};
  const variants = items.flatMap((item) =>
    [...item.variantIds].flatMap((id) => account.catalog.variants.get(id) ?? []),
  );
  return { included: variants.map((variant) => variantResource(variant, call)) };
}

function toResponse<T>(status: number, outcome: CatalogResult<T>, write: (record: T) => JsonApiResource): ApiResponse {
  if ('error' in outcome) throw new RequestError(outcome.error);
  return { status, body: { data: write(outcome.record) } };
}

function deleted(outcome: CatalogResult<unknown>): ApiResponse {
  if ('error' in outcome) throw new RequestError(outcome.error);
  return { status: 204 };
}

function assertSameId(id: string, call: Call): void {
  if (id !== call.id) throw new RequestError(invalid('The id differs from the one in the path.', '/data/id'));
}
