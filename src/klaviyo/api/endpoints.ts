/**
 * Klaviyo's endpoints that this service uses, with their rate limits. Klaviyo counts in fixed windows of a second (burst)
 * and a minute (steady), per account and endpoint. https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling
 */

export const revision = '2026-07-15';

export interface Endpoint {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{id}` as the placeholder of an id. */
  path: string;
  perSecond: number;
  perMinute: number;
  /** Maximum size of a request body; 0 when the endpoint takes none. */
  maxBytes: number;
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

const get = (path: string, tier: Tier): Endpoint => ({ method: 'GET', path, ...tiers[tier], maxBytes: 0 });
const post = (path: string, tier: Tier): Endpoint => ({ method: 'POST', path, ...tiers[tier], maxBytes });
const patch = (path: string): Endpoint => ({ method: 'PATCH', path, ...tiers.L, maxBytes });
const remove = (path: string): Endpoint => ({ method: 'DELETE', path, ...tiers.L, maxBytes: 0 });

export const endpoints = {
  createEvent: post('/api/events', 'XL'),
  createEvents: post('/api/event-bulk-create-jobs', 'M'),

  importProfile: { ...post('/api/profile-import', 'L'), maxBytes: 100_000 },
  importProfiles: post('/api/profile-bulk-import-jobs', 'M'),
  listProfileImports: get('/api/profile-bulk-import-jobs', 'M'),
  getProfileImport: get('/api/profile-bulk-import-jobs/{id}', 'M'),
  listImportErrors: get('/api/profile-bulk-import-jobs/{id}/import-errors', 'M'),
  listProfiles: get('/api/profiles', 'L'),
  mergeProfiles: post('/api/profile-merge', 'M'),
  updateProfile: patch('/api/profiles/{id}'),

  listItems: get('/api/catalog-items', 'XL'),
  createItem: post('/api/catalog-items', 'L'),
  updateItem: patch('/api/catalog-items/{id}'),
  deleteItem: remove('/api/catalog-items/{id}'),
  listVariantsOfItem: get('/api/catalog-items/{id}/variants', 'XL'),
  createItems: post('/api/catalog-item-bulk-create-jobs', 'L'),
  updateItems: post('/api/catalog-item-bulk-update-jobs', 'L'),
  deleteItems: post('/api/catalog-item-bulk-delete-jobs', 'L'),
  listItemCreations: get('/api/catalog-item-bulk-create-jobs', 'L'),
  listItemUpdates: get('/api/catalog-item-bulk-update-jobs', 'L'),
  listItemDeletions: get('/api/catalog-item-bulk-delete-jobs', 'XL'),
  getItemCreation: get('/api/catalog-item-bulk-create-jobs/{id}', 'L'),
  getItemUpdate: get('/api/catalog-item-bulk-update-jobs/{id}', 'L'),
  getItemDeletion: get('/api/catalog-item-bulk-delete-jobs/{id}', 'XL'),

  listVariants: get('/api/catalog-variants', 'XL'),
  createVariant: post('/api/catalog-variants', 'L'),
  updateVariant: patch('/api/catalog-variants/{id}'),
  deleteVariant: remove('/api/catalog-variants/{id}'),
  createVariants: post('/api/catalog-variant-bulk-create-jobs', 'L'),
  updateVariants: post('/api/catalog-variant-bulk-update-jobs', 'L'),
  deleteVariants: post('/api/catalog-variant-bulk-delete-jobs', 'L'),
  listVariantCreations: get('/api/catalog-variant-bulk-create-jobs', 'L'),
  listVariantUpdates: get('/api/catalog-variant-bulk-update-jobs', 'L'),
  listVariantDeletions: get('/api/catalog-variant-bulk-delete-jobs', 'XL'),
  getVariantCreation: get('/api/catalog-variant-bulk-create-jobs/{id}', 'L'),
  getVariantUpdate: get('/api/catalog-variant-bulk-update-jobs/{id}', 'L'),
  getVariantDeletion: get('/api/catalog-variant-bulk-delete-jobs/{id}', 'XL'),

  listCategories: get('/api/catalog-categories', 'XL'),
  createCategory: post('/api/catalog-categories', 'L'),
  updateCategory: patch('/api/catalog-categories/{id}'),
  deleteCategory: remove('/api/catalog-categories/{id}'),
  createCategories: post('/api/catalog-category-bulk-create-jobs', 'L'),
  updateCategories: post('/api/catalog-category-bulk-update-jobs', 'L'),
  deleteCategories: post('/api/catalog-category-bulk-delete-jobs', 'L'),
  listCategoryCreations: get('/api/catalog-category-bulk-create-jobs', 'XL'),
  listCategoryUpdates: get('/api/catalog-category-bulk-update-jobs', 'XL'),
  listCategoryDeletions: get('/api/catalog-category-bulk-delete-jobs', 'XL'),
  getCategoryCreation: get('/api/catalog-category-bulk-create-jobs/{id}', 'XL'),
  getCategoryUpdate: get('/api/catalog-category-bulk-update-jobs/{id}', 'XL'),
  getCategoryDeletion: get('/api/catalog-category-bulk-delete-jobs/{id}', 'XL'),

  getAccounts: get('/api/accounts', 'XS'),
  listMetrics: get('/api/metrics', 'M'),
  listMappedMetrics: get('/api/mapped-metrics', 'S'),
  listFlows: get('/api/flows', 'S'),
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
