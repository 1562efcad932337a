/**
 * Operations of the mock API: path, method, scopes and rate limits, written by hand from Klaviyo's API reference
 * (https://developers.klaviyo.com/en/reference/api_overview, revision 2026-07-15). This is the only place with numbers
 * set by Klaviyo; test/contract checks the table against the published OpenAPI file.
 */

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Requests per second (burst) and per minute (steady). Both windows apply. */
type RateLimit = { perSecond: number; perMinute: number; perDay?: number };

export type Operation = RateLimit & { method: Method; path: string; scopes: readonly string[] };

// Klaviyo's rate limit tiers: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
const XS = { perSecond: 1, perMinute: 15 };
const S = { perSecond: 3, perMinute: 60 };
const M = { perSecond: 10, perMinute: 150 };
const L = { perSecond: 75, perMinute: 750 };
const XL = { perSecond: 350, perMinute: 3_500 };

function get(path: string, limit: RateLimit, ...scopes: string[]): Operation {
  return { method: 'GET', path, ...limit, scopes };
}

function post(path: string, limit: RateLimit, ...scopes: string[]): Operation {
  return { method: 'POST', path, ...limit, scopes };
}

function patch(path: string, limit: RateLimit, ...scopes: string[]): Operation {
  return { method: 'PATCH', path, ...limit, scopes };
}

function remove(path: string, limit: RateLimit, ...scopes: string[]): Operation {
  return { method: 'DELETE', path, ...limit, scopes };
}

const lists = ['lists:write', 'profiles:write', 'subscriptions:write'];

/** Operation ids as in Klaviyo's OpenAPI file. */
export const operations = {
  get_accounts: get('/api/accounts', XS, 'accounts:read'),
  get_account: get('/api/accounts/{id}', XS, 'accounts:read'),

  create_event: post('/api/events', XL, 'events:write'),
  get_events: get('/api/events', XL, 'events:read'),
  get_event: get('/api/events/{id}', M, 'events:read'),
  bulk_create_events: post('/api/event-bulk-create-jobs', M, 'events:write'),

  get_metrics: get('/api/metrics', M, 'metrics:read'),
  get_metric: get('/api/metrics/{id}', M, 'metrics:read'),
  query_metric_aggregates: post('/api/metric-aggregates', S, 'metrics:read'),
  get_mapped_metrics: get('/api/mapped-metrics', S, 'metrics:read'),
  get_mapped_metric: get('/api/mapped-metrics/{id}', S, 'metrics:read'),

  update_mapped_metric: patch('/api/mapped-metrics/{id}', { ...XS, perDay: 30 }, 'metrics:write'),

  get_flows: get('/api/flows', S, 'flows:read'),

  create_or_update_profile: post('/api/profile-import', L, 'profiles:write'),
  get_profiles: get('/api/profiles', L, 'profiles:read'),
  create_profile: post('/api/profiles', L, 'profiles:write'),
  get_profile: get('/api/profiles/{id}', L, 'profiles:read'),
  update_profile: patch('/api/profiles/{id}', L, 'profiles:write'),
  merge_profiles: post('/api/profile-merge', M, 'profiles:write'),
  bulk_import_profiles: post('/api/profile-bulk-import-jobs', M, 'lists:write', 'profiles:write'),
  get_bulk_import_profiles_jobs: get('/api/profile-bulk-import-jobs', M, 'lists:read', 'profiles:read'),
  get_bulk_import_profiles_job: get('/api/profile-bulk-import-jobs/{job_id}', M, 'lists:read', 'profiles:read'),
  get_errors_for_bulk_import_profiles_job: get('/api/profile-bulk-import-jobs/{id}/import-errors', M, 'profiles:read'),
  bulk_subscribe_profiles: post('/api/profile-subscription-bulk-create-jobs', L, ...lists),
  bulk_unsubscribe_profiles: post('/api/profile-subscription-bulk-delete-jobs', L, ...lists),
  request_profile_deletion: post('/api/data-privacy-deletion-jobs', S, 'data-privacy:write'),

  get_catalog_items: get('/api/catalog-items', XL, 'catalogs:read'),
  create_catalog_item: post('/api/catalog-items', L, 'catalogs:write'),
  get_catalog_item: get('/api/catalog-items/{id}', XL, 'catalogs:read'),
  update_catalog_item: patch('/api/catalog-items/{id}', L, 'catalogs:write'),
  delete_catalog_item: remove('/api/catalog-items/{id}', L, 'catalogs:write'),
  get_variants_for_catalog_item: get('/api/catalog-items/{id}/variants', XL, 'catalogs:read'),
  get_variant_ids_for_catalog_item: get('/api/catalog-items/{id}/relationships/variants', XL, 'catalogs:read'),
  get_categories_for_catalog_item: get('/api/catalog-items/{id}/categories', XL, 'catalogs:read'),
  get_category_ids_for_catalog_item: get('/api/catalog-items/{id}/relationships/categories', XL, 'catalogs:read'),
  add_categories_to_catalog_item: post('/api/catalog-items/{id}/relationships/categories', L, 'catalogs:write'),
  update_categories_for_catalog_item: patch('/api/catalog-items/{id}/relationships/categories', L, 'catalogs:write'),
  remove_categories_from_catalog_item: remove('/api/catalog-items/{id}/relationships/categories', L, 'catalogs:write'),

  get_catalog_variants: get('/api/catalog-variants', XL, 'catalogs:read'),
  create_catalog_variant: post('/api/catalog-variants', L, 'catalogs:write'),
  get_catalog_variant: get('/api/catalog-variants/{id}', XL, 'catalogs:read'),
  update_catalog_variant: patch('/api/catalog-variants/{id}', L, 'catalogs:write'),
  delete_catalog_variant: remove('/api/catalog-variants/{id}', L, 'catalogs:write'),

  get_catalog_categories: get('/api/catalog-categories', XL, 'catalogs:read'),
  create_catalog_category: post('/api/catalog-categories', L, 'catalogs:write'),
  get_catalog_category: get('/api/catalog-categories/{id}', XL, 'catalogs:read'),
  update_catalog_category: patch('/api/catalog-categories/{id}', L, 'catalogs:write'),
  delete_catalog_category: remove('/api/catalog-categories/{id}', L, 'catalogs:write'),
  get_items_for_catalog_category: get('/api/catalog-categories/{id}/items', XL, 'catalogs:read'),
  get_item_ids_for_catalog_category: get('/api/catalog-categories/{id}/relationships/items', XL, 'catalogs:read'),
  add_items_to_catalog_category: post('/api/catalog-categories/{id}/relationships/items', L, 'catalogs:write'),
  update_items_for_catalog_category: patch('/api/catalog-categories/{id}/relationships/items', L, 'catalogs:write'),
  remove_items_from_catalog_category: remove('/api/catalog-categories/{id}/relationships/items', L, 'catalogs:write'),

  bulk_create_catalog_items: post('/api/catalog-item-bulk-create-jobs', L, 'catalogs:write'),
  get_bulk_create_catalog_items_jobs: get('/api/catalog-item-bulk-create-jobs', L, 'catalogs:read'),
  get_bulk_create_catalog_items_job: get('/api/catalog-item-bulk-create-jobs/{job_id}', L, 'catalogs:read'),
  bulk_update_catalog_items: post('/api/catalog-item-bulk-update-jobs', L, 'catalogs:write'),
  get_bulk_update_catalog_items_jobs: get('/api/catalog-item-bulk-update-jobs', L, 'catalogs:read'),
  get_bulk_update_catalog_items_job: get('/api/catalog-item-bulk-update-jobs/{job_id}', L, 'catalogs:read'),
  bulk_delete_catalog_items: post('/api/catalog-item-bulk-delete-jobs', L, 'catalogs:write'),
  get_bulk_delete_catalog_items_jobs: get('/api/catalog-item-bulk-delete-jobs', XL, 'catalogs:read'),
  get_bulk_delete_catalog_items_job: get('/api/catalog-item-bulk-delete-jobs/{job_id}', XL, 'catalogs:read'),

  bulk_create_catalog_variants: post('/api/catalog-variant-bulk-create-jobs', L, 'catalogs:write'),
  get_bulk_create_variants_jobs: get('/api/catalog-variant-bulk-create-jobs', L, 'catalogs:read'),
  get_bulk_create_variants_job: get('/api/catalog-variant-bulk-create-jobs/{job_id}', L, 'catalogs:read'),
  bulk_update_catalog_variants: post('/api/catalog-variant-bulk-update-jobs', L, 'catalogs:write'),
  get_bulk_update_variants_jobs: get('/api/catalog-variant-bulk-update-jobs', L, 'catalogs:read'),
  get_bulk_update_variants_job: get('/api/catalog-variant-bulk-update-jobs/{job_id}', L, 'catalogs:read'),
  bulk_delete_catalog_variants: post('/api/catalog-variant-bulk-delete-jobs', L, 'catalogs:write'),
  get_bulk_delete_variants_jobs: get('/api/catalog-variant-bulk-delete-jobs', XL, 'catalogs:read'),
  get_bulk_delete_variants_job: get('/api/catalog-variant-bulk-delete-jobs/{job_id}', XL, 'catalogs:read'),

  bulk_create_catalog_categories: post('/api/catalog-category-bulk-create-jobs', L, 'catalogs:write'),
  get_bulk_create_categories_jobs: get('/api/catalog-category-bulk-create-jobs', XL, 'catalogs:read'),
  get_bulk_create_categories_job: get('/api/catalog-category-bulk-create-jobs/{job_id}', XL, 'catalogs:read'),
  bulk_update_catalog_categories: post('/api/catalog-category-bulk-update-jobs', L, 'catalogs:write'),
  get_bulk_update_categories_jobs: get('/api/catalog-category-bulk-update-jobs', XL, 'catalogs:read'),
  get_bulk_update_categories_job: get('/api/catalog-category-bulk-update-jobs/{job_id}', XL, 'catalogs:read'),
  bulk_delete_catalog_categories: post('/api/catalog-category-bulk-delete-jobs', L, 'catalogs:write'),
  get_bulk_delete_categories_jobs: get('/api/catalog-category-bulk-delete-jobs', XL, 'catalogs:read'),
  get_bulk_delete_categories_job: get('/api/catalog-category-bulk-delete-jobs/{job_id}', XL, 'catalogs:read'),
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
