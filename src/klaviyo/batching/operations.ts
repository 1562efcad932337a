/** Table of write operations: their single and bulk endpoints, body format and limits, and job endpoints. */

import type { EndpointName } from '../api/endpoints.ts';
import type { Lane } from '../api/rate-limiter.ts';

export interface JobEndpoints {
  list: EndpointName;
  query?: Record<string, string>;
  get: EndpointName;
  /** Lists a job's errors, for jobs that do not contain them. */
  errors?: EndpointName;
}

export interface Operation {
  single: EndpointName;
  bulk: EndpointName;
  maxRecords: number;
  /**
   * Maximum queue length for single requests. Longer queues go out in bulk. A catalog job takes 7 to 17 seconds, and every
   * fourth one minutes, so that in realtime single requests are faster for the hundred that fit into eight seconds.
   */
  maxSingle: Record<Lane, number>;
  /** JSON before the records of a bulk body. */
  prefix: string;
  /** JSON after the records of a bulk body. */
  suffix: string;
  /** Absent when the response to a bulk body is final. */
  job?: JobEndpoints;
}

const maxCatalogRecords = 100;
/** Klaviyo's maximum of jobs in progress per operation. */
export const maxJobsInProgress = 500;

type CatalogAction = 'create' | 'update' | 'delete';
/** A catalog record type, as the names of its endpoints spell it. */
export type CatalogType = 'Item' | 'Variant' | 'Category';

const plurals = { Item: 'Items', Variant: 'Variants', Category: 'Categories' } as const;
const jobNames = { create: 'Creation', update: 'Update', delete: 'Deletion' } as const;

function catalogOperation(action: CatalogAction, type: CatalogType): Operation & { job: JobEndpoints } {
  const field = plurals[type].toLowerCase();
  return {
    single: `${action}${type}`,
    bulk: `${action}${plurals[type]}`,
    maxRecords: maxCatalogRecords,
    maxSingle: { realtime: 100, cart: 10, bulk: 10 },
    prefix: `{"data":{"type":"catalog-${type.toLowerCase()}-bulk-${action}-job","attributes":{"${field}":{"data":[`,
    suffix: ']}}}}',
    job: { list: `list${type}${jobNames[action]}s`, get: `get${type}${jobNames[action]}` },
  };
}

export const operations = {
  event: {
    single: 'createEvent',
    bulk: 'createEvents',
    maxRecords: 1_000,
    maxSingle: { realtime: 10, cart: 10, bulk: 10 },
    prefix: '{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[',
    suffix: ']}}}}',
  },
  profile: {
    single: 'importProfile',
    bulk: 'importProfiles',
    maxRecords: 10_000,
    maxSingle: { realtime: 25, cart: 25, bulk: 25 },
    prefix: '{"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[',
    suffix: ']}}}}',
    job: {
      list: 'listProfileImports',
      get: 'getProfileImport',
      query: { 'page[size]': '100', sort: '-created_at' },
      errors: 'listImportErrors',
    },
  },
  createItem: catalogOperation('create', 'Item'),
  updateItem: catalogOperation('update', 'Item'),
  deleteItem: catalogOperation('delete', 'Item'),
  createVariant: catalogOperation('create', 'Variant'),
  updateVariant: catalogOperation('update', 'Variant'),
  deleteVariant: catalogOperation('delete', 'Variant'),
  createCategory: catalogOperation('create', 'Category'),
  updateCategory: catalogOperation('update', 'Category'),
  deleteCategory: catalogOperation('delete', 'Category'),
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;
