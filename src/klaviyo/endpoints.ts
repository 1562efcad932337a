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
  mostBytes: number;
}

const small = { perSecond: 3, perMinute: 60 };
const slow = { perSecond: 10, perMinute: 150 };
const steady = { perSecond: 75, perMinute: 750 };
const quick = { perSecond: 350, perMinute: 3_500 };
const mostBytes = 5_000_000;

const get = (path: string, limits: typeof quick): Endpoint => ({ method: 'GET', path, ...limits, mostBytes: 0 });
const post = (path: string, limits: typeof quick): Endpoint => ({ method: 'POST', path, ...limits, mostBytes });
const patch = (path: string): Endpoint => ({ method: 'PATCH', path, ...steady, mostBytes });
const remove = (path: string): Endpoint => ({ method: 'DELETE', path, ...steady, mostBytes: 0 });

export const endpoints = {
  createEvent: post('/api/events', quick),

  importProfile: { ...post('/api/profile-import', steady), mostBytes: 100_000 },
  listProfiles: get('/api/profiles', steady),
  updateProfile: patch('/api/profiles/{id}'),
  mergeProfiles: post('/api/profile-merge', slow),

  listItems: get('/api/catalog-items', quick),
  getItem: get('/api/catalog-items/{id}', quick),
  createItem: post('/api/catalog-items', steady),
  updateItem: patch('/api/catalog-items/{id}'),
  deleteItem: remove('/api/catalog-items/{id}'),
  listVariantsOfItem: get('/api/catalog-items/{id}/variants', quick),
  listCategoryIdsOfItem: get('/api/catalog-items/{id}/relationships/categories', quick),

  getVariant: get('/api/catalog-variants/{id}', quick),
  createVariant: post('/api/catalog-variants', steady),
  updateVariant: patch('/api/catalog-variants/{id}'),
  deleteVariant: remove('/api/catalog-variants/{id}'),

  listCategories: get('/api/catalog-categories', quick),
  getCategory: get('/api/catalog-categories/{id}', quick),
  createCategory: post('/api/catalog-categories', steady),
  updateCategory: patch('/api/catalog-categories/{id}'),
  deleteCategory: remove('/api/catalog-categories/{id}'),

  getAccounts: get('/api/accounts', { perSecond: 1, perMinute: 15 }),
  listMetrics: get('/api/metrics', slow),
  listMappedMetrics: get('/api/mapped-metrics', small),
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
