/**
 * Klaviyo's endpoints as far as this service uses them, with the limits that Klaviyo publishes: fixed windows of a
 * second and of a minute, per account. https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling and the
 * `x-klaviyo-ratelimit` of each operation in the OpenAPI file, revision 2026-07-15.
 */

export const revision = '2026-07-15';

export interface Endpoint {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** With `{id}` where an id goes. */
  path: string;
  perSecond: number;
  perMinute: number;
  /** Most bytes of a body. */
  maxBytes: number;
}

const small = { perSecond: 3, perMinute: 60 };
const slow = { perSecond: 10, perMinute: 150 };
const steady = { perSecond: 75, perMinute: 750 };
const quick = { perSecond: 350, perMinute: 3_500 };
const maxBytes = 5_000_000;

const get = (path: string, limits: typeof quick): Endpoint => ({ method: 'GET', path, ...limits, maxBytes: 0 });
const post = (path: string, limits: typeof quick): Endpoint => ({ method: 'POST', path, ...limits, maxBytes });
const patch = (path: string): Endpoint => ({ method: 'PATCH', path, ...steady, maxBytes });
const remove = (path: string): Endpoint => ({ method: 'DELETE', path, ...steady, maxBytes: 0 });

export const endpoints = {
  createEvent: post('/api/events', quick),
  createEvents: post('/api/event-bulk-create-jobs', slow),

  importProfile: { ...post('/api/profile-import', steady), maxBytes: 100_000 },
  importProfiles: post('/api/profile-bulk-import-jobs', slow),
  listProfileImports: get('/api/profile-bulk-import-jobs', slow),
  getProfileImport: get('/api/profile-bulk-import-jobs/{id}', slow),
  listImportErrors: get('/api/profile-bulk-import-jobs/{id}/import-errors', slow),
  listProfiles: get('/api/profiles', steady),
  mergeProfiles: post('/api/profile-merge', slow),
  updateProfile: patch('/api/profiles/{id}'),

  listItems: get('/api/catalog-items', quick),
  createItem: post('/api/catalog-items', steady),
  updateItem: patch('/api/catalog-items/{id}'),
  deleteItem: remove('/api/catalog-items/{id}'),
  listVariantsOfItem: get('/api/catalog-items/{id}/variants', quick),
  createItems: post('/api/catalog-item-bulk-create-jobs', steady),
  updateItems: post('/api/catalog-item-bulk-update-jobs', steady),
  deleteItems: post('/api/catalog-item-bulk-delete-jobs', steady),
  listItemCreations: get('/api/catalog-item-bulk-create-jobs', steady),
  listItemUpdates: get('/api/catalog-item-bulk-update-jobs', steady),
  listItemDeletions: get('/api/catalog-item-bulk-delete-jobs', quick),
  getItemCreation: get('/api/catalog-item-bulk-create-jobs/{id}', steady),
  getItemUpdate: get('/api/catalog-item-bulk-update-jobs/{id}', steady),
  getItemDeletion: get('/api/catalog-item-bulk-delete-jobs/{id}', quick),

  listVariants: get('/api/catalog-variants', quick),
  createVariant: post('/api/catalog-variants', steady),
  updateVariant: patch('/api/catalog-variants/{id}'),
  deleteVariant: remove('/api/catalog-variants/{id}'),
  createVariants: post('/api/catalog-variant-bulk-create-jobs', steady),
  updateVariants: post('/api/catalog-variant-bulk-update-jobs', steady),
  deleteVariants: post('/api/catalog-variant-bulk-delete-jobs', steady),
  listVariantCreations: get('/api/catalog-variant-bulk-create-jobs', steady),
  listVariantUpdates: get('/api/catalog-variant-bulk-update-jobs', steady),
  listVariantDeletions: get('/api/catalog-variant-bulk-delete-jobs', quick),
  getVariantCreation: get('/api/catalog-variant-bulk-create-jobs/{id}', steady),
  getVariantUpdate: get('/api/catalog-variant-bulk-update-jobs/{id}', steady),
  getVariantDeletion: get('/api/catalog-variant-bulk-delete-jobs/{id}', quick),

  listCategories: get('/api/catalog-categories', quick),
  createCategory: post('/api/catalog-categories', steady),
  updateCategory: patch('/api/catalog-categories/{id}'),
  deleteCategory: remove('/api/catalog-categories/{id}'),
  createCategories: post('/api/catalog-category-bulk-create-jobs', steady),
  updateCategories: post('/api/catalog-category-bulk-update-jobs', steady),
  deleteCategories: post('/api/catalog-category-bulk-delete-jobs', steady),
  listCategoryCreations: get('/api/catalog-category-bulk-create-jobs', quick),
  listCategoryUpdates: get('/api/catalog-category-bulk-update-jobs', quick),
  listCategoryDeletions: get('/api/catalog-category-bulk-delete-jobs', quick),
  getCategoryCreation: get('/api/catalog-category-bulk-create-jobs/{id}', quick),
  getCategoryUpdate: get('/api/catalog-category-bulk-update-jobs/{id}', quick),
  getCategoryDeletion: get('/api/catalog-category-bulk-delete-jobs/{id}', quick),

  getAccounts: get('/api/accounts', { perSecond: 1, perMinute: 15 }),
  listMetrics: get('/api/metrics', slow),
  listMappedMetrics: get('/api/mapped-metrics', small),
  listFlows: get('/api/flows', small),
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
