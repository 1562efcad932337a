/**
 * Klaviyo's endpoints that this service uses, with their rate limits and the API key scopes that they require. Klaviyo
 * counts in fixed windows of a second (burst) and a minute (steady), per account and endpoint.
 * https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
 */

export const revision = '2026-07-15';

/** Scopes of a private API key. https://developers.klaviyo.com/en/docs/authenticate_ */
export type Scope =
  | 'accounts:read'
  | 'catalogs:read'
  | 'catalogs:write'
  | 'data-privacy:write'
  | 'events:read'
  | 'events:write'
  | 'flows:read'
  | 'lists:read'
  | 'lists:write'
  | 'metrics:read'
  | 'metrics:write'
  | 'profiles:read'
  | 'profiles:write';

export interface Endpoint {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{id}` as the placeholder of an id. */
  path: string;
  perSecond: number;
  perMinute: number;
  /** Only for commands of a person: nothing counts it, and a 429 says that it is reached. */
  perDay?: number;
  /** Maximum size of a request body; 0 when the endpoint takes none. */
  maxBytes: number;
  /** All of them are required: `x-klaviyo-scopes` in the OpenAPI file. */
  scopes: readonly Scope[];
}

/**
 * Klaviyo's rate limit tiers. The numbers are those of `x-klaviyo-ratelimit` in the OpenAPI file (revision above), which
 * is also the source of each endpoint's tier. It differs from the documentation page in one number: the page gives L
 * 700 requests a minute.
 */
const tiers = {
  XS: { perSecond: 1, perMinute: 15 },
  S: { perSecond: 3, perMinute: 60 },
  M: { perSecond: 10, perMinute: 150 },
  L: { perSecond: 75, perMinute: 750 },
  XL: { perSecond: 350, perMinute: 3_500 },
};
type Tier = keyof typeof tiers;
const maxBytes = 5_000_000;

type Scopes = [Scope, ...Scope[]];

function get(path: string, tier: Tier, ...scopes: Scopes): Endpoint {
  return { method: 'GET', path, ...tiers[tier], maxBytes: 0, scopes };
}
function post(path: string, tier: Tier, ...scopes: Scopes): Endpoint {
  return { method: 'POST', path, ...tiers[tier], maxBytes, scopes };
}
function patch(path: string, ...scopes: Scopes): Endpoint {
  return { method: 'PATCH', path, ...tiers.L, maxBytes, scopes };
}
function remove(path: string, ...scopes: Scopes): Endpoint {
  return { method: 'DELETE', path, ...tiers.L, maxBytes: 0, scopes };
}

export const endpoints = {
  createEvent: post('/api/events', 'XL', 'events:write'),
  createEvents: post('/api/event-bulk-create-jobs', 'M', 'events:write'),
  listEvents: get('/api/events', 'XL', 'events:read'),

  importProfile: { ...post('/api/profile-import', 'L', 'profiles:write'), maxBytes: 100_000 },
  importProfiles: post('/api/profile-bulk-import-jobs', 'M', 'lists:write', 'profiles:write'),
  listProfileImports: get('/api/profile-bulk-import-jobs', 'M', 'lists:read', 'profiles:read'),
  getProfileImport: get('/api/profile-bulk-import-jobs/{id}', 'M', 'lists:read', 'profiles:read'),
  listImportErrors: get('/api/profile-bulk-import-jobs/{id}/import-errors', 'M', 'profiles:read'),
  listProfiles: get('/api/profiles', 'L', 'profiles:read'),
  getProfile: get('/api/profiles/{id}', 'L', 'profiles:read'),
  mergeProfiles: post('/api/profile-merge', 'M', 'profiles:write'),
  requestProfileDeletion: post('/api/data-privacy-deletion-jobs', 'S', 'data-privacy:write'),
  updateProfile: patch('/api/profiles/{id}', 'profiles:write'),

  listItems: get('/api/catalog-items', 'XL', 'catalogs:read'),
  getItem: get('/api/catalog-items/{id}', 'XL', 'catalogs:read'),
  createItem: post('/api/catalog-items', 'L', 'catalogs:write'),
  updateItem: patch('/api/catalog-items/{id}', 'catalogs:write'),
  deleteItem: remove('/api/catalog-items/{id}', 'catalogs:write'),
  listVariantsOfItem: get('/api/catalog-items/{id}/variants', 'XL', 'catalogs:read'),
  listCategoriesOfItem: get('/api/catalog-items/{id}/categories', 'XL', 'catalogs:read'),
  createItems: post('/api/catalog-item-bulk-create-jobs', 'L', 'catalogs:write'),
  updateItems: post('/api/catalog-item-bulk-update-jobs', 'L', 'catalogs:write'),
  deleteItems: post('/api/catalog-item-bulk-delete-jobs', 'L', 'catalogs:write'),
  listItemCreations: get('/api/catalog-item-bulk-create-jobs', 'L', 'catalogs:read'),
  listItemUpdates: get('/api/catalog-item-bulk-update-jobs', 'L', 'catalogs:read'),
  listItemDeletions: get('/api/catalog-item-bulk-delete-jobs', 'XL', 'catalogs:read'),
  getItemCreation: get('/api/catalog-item-bulk-create-jobs/{id}', 'L', 'catalogs:read'),
  getItemUpdate: get('/api/catalog-item-bulk-update-jobs/{id}', 'L', 'catalogs:read'),
  getItemDeletion: get('/api/catalog-item-bulk-delete-jobs/{id}', 'XL', 'catalogs:read'),

  listVariants: get('/api/catalog-variants', 'XL', 'catalogs:read'),
  createVariant: post('/api/catalog-variants', 'L', 'catalogs:write'),
  updateVariant: patch('/api/catalog-variants/{id}', 'catalogs:write'),
  deleteVariant: remove('/api/catalog-variants/{id}', 'catalogs:write'),
  createVariants: post('/api/catalog-variant-bulk-create-jobs', 'L', 'catalogs:write'),
  updateVariants: post('/api/catalog-variant-bulk-update-jobs', 'L', 'catalogs:write'),
  deleteVariants: post('/api/catalog-variant-bulk-delete-jobs', 'L', 'catalogs:write'),
  listVariantCreations: get('/api/catalog-variant-bulk-create-jobs', 'L', 'catalogs:read'),
  listVariantUpdates: get('/api/catalog-variant-bulk-update-jobs', 'L', 'catalogs:read'),
  listVariantDeletions: get('/api/catalog-variant-bulk-delete-jobs', 'XL', 'catalogs:read'),
  getVariantCreation: get('/api/catalog-variant-bulk-create-jobs/{id}', 'L', 'catalogs:read'),
  getVariantUpdate: get('/api/catalog-variant-bulk-update-jobs/{id}', 'L', 'catalogs:read'),
  getVariantDeletion: get('/api/catalog-variant-bulk-delete-jobs/{id}', 'XL', 'catalogs:read'),

  listCategories: get('/api/catalog-categories', 'XL', 'catalogs:read'),
  createCategory: post('/api/catalog-categories', 'L', 'catalogs:write'),
  updateCategory: patch('/api/catalog-categories/{id}', 'catalogs:write'),
  deleteCategory: remove('/api/catalog-categories/{id}', 'catalogs:write'),
  createCategories: post('/api/catalog-category-bulk-create-jobs', 'L', 'catalogs:write'),
  updateCategories: post('/api/catalog-category-bulk-update-jobs', 'L', 'catalogs:write'),
  deleteCategories: post('/api/catalog-category-bulk-delete-jobs', 'L', 'catalogs:write'),
  listCategoryCreations: get('/api/catalog-category-bulk-create-jobs', 'XL', 'catalogs:read'),
  listCategoryUpdates: get('/api/catalog-category-bulk-update-jobs', 'XL', 'catalogs:read'),
  listCategoryDeletions: get('/api/catalog-category-bulk-delete-jobs', 'XL', 'catalogs:read'),
  getCategoryCreation: get('/api/catalog-category-bulk-create-jobs/{id}', 'XL', 'catalogs:read'),
  getCategoryUpdate: get('/api/catalog-category-bulk-update-jobs/{id}', 'XL', 'catalogs:read'),
  getCategoryDeletion: get('/api/catalog-category-bulk-delete-jobs/{id}', 'XL', 'catalogs:read'),

  getAccounts: get('/api/accounts', 'XS', 'accounts:read'),
  listMetrics: get('/api/metrics', 'M', 'metrics:read'),
  queryMetricAggregates: post('/api/metric-aggregates', 'S', 'metrics:read'),
  listMappedMetrics: get('/api/mapped-metrics', 'S', 'metrics:read'),
  updateMappedMetric: { ...patch('/api/mapped-metrics/{id}', 'metrics:write'), ...tiers.XS, perDay: 30 },
  listFlows: get('/api/flows', 'S', 'flows:read'),
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
