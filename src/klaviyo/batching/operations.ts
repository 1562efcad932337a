/** Table of write operations: their single and bulk endpoints, body format and limits, and job endpoints. */

import type { EndpointName } from '../api/endpoints.ts';

export interface JobEndpoints {
  /** Lists the jobs of an operation. */
  list: EndpointName;
  /** Query of the list. */
  query?: Record<string, string>;
  /** Returns one job. */
  get: EndpointName;
  /** Lists a job's errors, for jobs that do not contain them. */
  errors?: EndpointName;
}

export interface Operation {
  /** Writes one record. */
  single: EndpointName;
  /** Writes many records in one body. */
  bulk: EndpointName;
  /** Maximum records in a bulk body. */
  maxRecords: number;
  /** Maximum queue length for single requests: these are faster than a job. Longer queues go out in bulk. */
  maxSingle: number;
  /** JSON before the records of a bulk body. */
  prefix: string;
  /** JSON after the records of a bulk body. */
  suffix: string;
  /** Absent when the response to a bulk body is final. */
  job?: JobEndpoints;
}

/** Klaviyo's maximum of records in a catalog job. */
const maxCatalogRecords = 100;
/** Klaviyo's maximum of jobs in progress per operation. */
export const maxJobsInProgress = 500;

function catalogJob(
  resource: 'item' | 'variant' | 'category',
  action: 'create' | 'update' | 'delete',
  endpointNames: Pick<Operation, 'single' | 'bulk'> & { job: JobEndpoints },
): Operation {
  const field = resource === 'category' ? 'categories' : `${resource}s`;
  return {
    ...endpointNames,
    maxRecords: maxCatalogRecords,
    maxSingle: 10,
    prefix: `{"data":{"type":"catalog-${resource}-bulk-${action}-job","attributes":{"${field}":{"data":[`,
    suffix: ']}}}}',
  };
}

export const operations = {
  event: {
    single: 'createEvent',
    bulk: 'createEvents',
    maxRecords: 1_000,
    maxSingle: 10,
    prefix: '{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[',
    suffix: ']}}}}',
  },
  profile: {
    single: 'importProfile',
    bulk: 'importProfiles',
    maxRecords: 10_000,
    maxSingle: 25,
    prefix: '{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[',
    suffix: ']}}}}',
    job: {
      list: 'listProfileImports',
      get: 'getProfileImport',
      query: { 'page[size]': '100', sort: '-created_at' },
      errors: 'listImportErrors',
    },
  },
  createItem: catalogJob('item', 'create', {
    single: 'createItem',
    bulk: 'createItems',
    job: { list: 'listItemCreations', get: 'getItemCreation' },
  }),
  updateItem: catalogJob('item', 'update', {
    single: 'updateItem',
    bulk: 'updateItems',
    job: { list: 'listItemUpdates', get: 'getItemUpdate' },
  }),
  deleteItem: catalogJob('item', 'delete', {
    single: 'deleteItem',
    bulk: 'deleteItems',
    job: { list: 'listItemDeletions', get: 'getItemDeletion' },
  }),
  createVariant: catalogJob('variant', 'create', {
    single: 'createVariant',
    bulk: 'createVariants',
    job: { list: 'listVariantCreations', get: 'getVariantCreation' },
  }),
  updateVariant: catalogJob('variant', 'update', {
    single: 'updateVariant',
    bulk: 'updateVariants',
    job: { list: 'listVariantUpdates', get: 'getVariantUpdate' },
  }),
  deleteVariant: catalogJob('variant', 'delete', {
    single: 'deleteVariant',
    bulk: 'deleteVariants',
    job: { list: 'listVariantDeletions', get: 'getVariantDeletion' },
  }),
  createCategory: catalogJob('category', 'create', {
    single: 'createCategory',
    bulk: 'createCategories',
    job: { list: 'listCategoryCreations', get: 'getCategoryCreation' },
  }),
  updateCategory: catalogJob('category', 'update', {
    single: 'updateCategory',
    bulk: 'updateCategories',
    job: { list: 'listCategoryUpdates', get: 'getCategoryUpdate' },
  }),
  deleteCategory: catalogJob('category', 'delete', {
    single: 'deleteCategory',
    bulk: 'deleteCategories',
    job: { list: 'listCategoryDeletions', get: 'getCategoryDeletion' },
  }),
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
