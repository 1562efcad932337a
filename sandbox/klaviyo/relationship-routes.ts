/**
 * Routes for catalog relationships: categories and variants of an item, items of a category.
 * https://developers.klaviyo.com/en/reference/catalogs_api_overview
 */
import type { Account } from './account.ts';
import type { Api, ApiResponse, Call } from './api.ts';
import type { LinkMode } from './catalog.ts';
import {
  categoryPage,
  getOrThrow,
  itemPage,
  listCategories,
  listItems,
  listVariants,
  variantPage,
} from './catalog-routes.ts';
import { type ErrorObject, RequestError } from './errors.ts';

type Links = { data: { id: string }[] };

export function addRelationshipRoutes(api: Api, account: Account): void {
  const itemOf = (call: Call) => getOrThrow(account.catalog.items, 'item', call.id);
  const categoryOf = (call: Call) => getOrThrow(account.catalog.categories, 'category', call.id);
  const variantsOf = (call: Call) => known(account.catalog.variants, itemOf(call).variantIds);
  const categoriesOf = (call: Call) => known(account.catalog.categories, itemOf(call).categoryIds);
  const itemsOf = (call: Call) => known(account.catalog.items, categoryOf(call).itemIds);

  api.on('get_variants_for_catalog_item', (call) => listVariants(account, call, variantsOf(call)));
  api.on('get_variant_ids_for_catalog_item', (call) =>
    idsOnly('catalog-variant', variantPage(account, call, variantsOf(call))),
  );
  api.on('get_categories_for_catalog_item', (call) => listCategories(account, call, categoriesOf(call)));
  api.on('get_category_ids_for_catalog_item', (call) =>
    idsOnly('catalog-category', categoryPage(account, call, categoriesOf(call))),
  );
  api.on('get_items_for_catalog_category', (call) => listItems(account, call, itemsOf(call)));
  api.on('get_item_ids_for_catalog_category', (call) =>
    idsOnly('catalog-item', itemPage(account, call, itemsOf(call))),
  );

  const linkCategories = (mode: LinkMode) => (body: Links, call: Call) => {
    const item = itemOf(call);
    const error = mode === 'remove' ? undefined : account.catalog.findMissingLink('category', body.data, '/data');
    if (error !== undefined) throw new RequestError(error);
    if (mode === 'add') rejectLinked(item.categoryIds, body);
    account.catalog.linkCategories(
      item,
      body.data.map((link) => link.id),
      mode,
    );
    return { status: 204 };
  };
  api.onBody('add_categories_to_catalog_item', linkCategories('add'));
  api.onBody('update_categories_for_catalog_item', linkCategories('replace'));
  api.onBody('remove_categories_from_catalog_item', linkCategories('remove'));

  const linkItems = (mode: LinkMode) => (body: Links, call: Call) => {
    const category = categoryOf(call);
    const error = mode === 'remove' ? undefined : account.catalog.findMissingLink('item', body.data, '/data');
    if (error !== undefined) throw new RequestError(error);
    if (mode === 'add') rejectLinked(category.itemIds, body);
    account.catalog.linkItems(
      category,
      body.data.map((link) => link.id),
      mode,
    );
    return { status: 204 };
  };
  api.onBody('add_items_to_catalog_category', linkItems('add'));
  api.onBody('update_items_for_catalog_category', linkItems('replace'));
  api.onBody('remove_items_from_catalog_category', linkItems('remove'));
}

/** Throws a RequestError (409) if a link exists already: adding links is not idempotent. */
function rejectLinked(linked: ReadonlySet<string>, { data }: Links): void {
  if (data.some(({ id }) => linked.has(id))) throw new RequestError(alreadyLinked);
}

const alreadyLinked: ErrorObject = {
  status: 409,
  code: 'conflict',
  title: 'Conflict.',
  detail: 'The relationship exists already.',
  pointer: '/data/id',
};

function known<T>(records: ReadonlyMap<string, T>, ids: Iterable<string>): T[] {
  return [...ids].flatMap((id) => records.get(id) ?? []);
}

function idsOnly(type: string, page: { records: { id: string }[]; links: unknown }): ApiResponse {
  return { status: 200, body: { data: page.records.map(({ id }) => ({ type, id })), links: page.links } };
}
