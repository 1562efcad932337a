/**
 * Routes for catalog bulk jobs, which create, update and delete items, variants and categories.
 * https://developers.klaviyo.com/en/reference/bulk_create_catalog_items
 */
import type { Account } from './account.ts';
import type { Api, ApiResponse, Call } from './api.ts';
import { type CatalogJobField, catalogJobResource, includedRecords } from './catalog-job-resources.ts';
import { type CatalogResult, compoundId } from './catalog-records.ts';
import { type ErrorObject, notFound, RequestError } from './errors.ts';
import { parseFilter, passes } from './filter.ts';
import type { Job, JobResult } from './jobs.ts';
import type { OperationName } from './operations.ts';
import { paginate, parameter } from './query.ts';
import type { ResourceContext } from './resources.ts';

/** Maximum number of jobs of one type in progress at the same time. */
const maxJobsInProgress = 500;

export function addCatalogJobRoutes(api: Api, account: Account): void {
  const { start } = createJobStarter(account);

  api.onBody('bulk_create_catalog_items', ({ data }, call) =>
    start(data.type, { records: data.attributes.items.data, field: 'items' }, call, (record) =>
      account.catalog.createItem(record),
    ),
  );
  api.onBody('bulk_update_catalog_items', ({ data }, call) =>
    start(data.type, { records: data.attributes.items.data, field: 'items' }, call, (record) =>
      account.catalog.updateItem(record),
    ),
  );
  api.onBody('bulk_delete_catalog_items', ({ data }, call) =>
    start(data.type, { records: data.attributes.items.data, field: 'items' }, call, ({ id }) =>
      account.catalog.deleteItem(id),
    ),
  );
  addJobQueryRoutes(api, account, { type: 'catalog-item-bulk-create-job', field: 'items' }, [
    'get_bulk_create_catalog_items_jobs',
    'get_bulk_create_catalog_items_job',
  ]);
  addJobQueryRoutes(api, account, { type: 'catalog-item-bulk-update-job', field: 'items' }, [
    'get_bulk_update_catalog_items_jobs',
    'get_bulk_update_catalog_items_job',
  ]);
  addJobQueryRoutes(api, account, { type: 'catalog-item-bulk-delete-job', field: 'items' }, [
    'get_bulk_delete_catalog_items_jobs',
    'get_bulk_delete_catalog_items_job',
  ]);

  api.onBody('bulk_create_catalog_variants', ({ data }, call) =>
    start(data.type, { records: data.attributes.variants.data, field: 'variants' }, call, (record) =>
      account.catalog.createVariant(record),
    ),
  );
  api.onBody('bulk_update_catalog_variants', ({ data }, call) =>
    start(data.type, { records: data.attributes.variants.data, field: 'variants' }, call, (record) =>
      account.catalog.updateVariant(record),
    ),
  );
  api.onBody('bulk_delete_catalog_variants', ({ data }, call) =>
    start(data.type, { records: data.attributes.variants.data, field: 'variants' }, call, ({ id }) =>
      account.catalog.deleteVariant(id),
    ),
  );
  addJobQueryRoutes(api, account, { type: 'catalog-variant-bulk-create-job', field: 'variants' }, [
    'get_bulk_create_variants_jobs',
    'get_bulk_create_variants_job',
  ]);
  addJobQueryRoutes(api, account, { type: 'catalog-variant-bulk-update-job', field: 'variants' }, [
    'get_bulk_update_variants_jobs',
    'get_bulk_update_variants_job',
  ]);
  addJobQueryRoutes(api, account, { type: 'catalog-variant-bulk-delete-job', field: 'variants' }, [
    'get_bulk_delete_variants_jobs',
    'get_bulk_delete_variants_job',
  ]);

  api.onBody('bulk_create_catalog_categories', ({ data }, call) =>
    start(data.type, { records: data.attributes.categories.data, field: 'categories' }, call, (record) =>
      account.catalog.createCategory(record),
    ),
  );
  api.onBody('bulk_update_catalog_categories', ({ data }, call) =>
    start(data.type, { records: data.attributes.categories.data, field: 'categories' }, call, (record) =>
      account.catalog.updateCategory(record),
    ),
  );
  api.onBody('bulk_delete_catalog_categories', ({ data }, call) =>
    start(data.type, { records: data.attributes.categories.data, field: 'categories' }, call, ({ id }) =>
      account.catalog.deleteCategory(id),
    ),
  );
  addJobQueryRoutes(api, account, { type: 'catalog-category-bulk-create-job', field: 'categories' }, [
    'get_bulk_create_categories_jobs',
    'get_bulk_create_categories_job',
  ]);
  addJobQueryRoutes(api, account, { type: 'catalog-category-bulk-update-job', field: 'categories' }, [
    'get_bulk_update_categories_jobs',
    'get_bulk_update_categories_job',
  ]);
  addJobQueryRoutes(api, account, { type: 'catalog-category-bulk-delete-job', field: 'categories' }, [
    'get_bulk_delete_categories_jobs',
    'get_bulk_delete_categories_job',
  ]);
}

type Batch<T> = { records: readonly T[]; field: CatalogJobField };
type JobRecord = { id: string } | { attributes: { external_id: string } };

function createJobStarter({ jobs }: Account) {
  return {
    start<T extends JobRecord>(
      type: string,
      { records, field }: Batch<T>,
      context: ResourceContext,
      apply: (record: T) => CatalogResult<unknown>,
    ): ApiResponse {
      // The API reference documents the limit, not the status code. The sandbox uses 429 because the request is valid
      // and can be retried.
      if (jobs.inProgress(type) >= maxJobsInProgress) throw new RequestError(tooManyJobs);
      const job = jobs.startCatalogJob(type, records.length, () => {
        const result: JobResult = { failures: [], recordIds: [] };
        for (const record of records) {
          const injectedError = jobs.injectedError(type);
          const outcome = injectedError ? { error: injectedError } : apply(record);
          const id = recordId(record);
          if ('error' in outcome)
            result.failures.push({ error: jobError(outcome.error, field, id), original: undefined });
          else result.recordIds.push(id);
        }
        return result;
      });
      return { status: 202, body: { data: catalogJobResource(job, context) } };
    },
  };
}

function recordId(record: JobRecord): string {
  return 'id' in record ? record.id : compoundId(record.attributes.external_id);
}

/** Returns the error of a record in a job: always `invalid`, with the record's id in `meta` instead of its index. */
function jobError({ detail, pointer }: ErrorObject, field: CatalogJobField, id: string): ErrorObject {
  const related = pointer?.includes('/relationships/') ? pointer.replace(/^\/data|\/\d+(?=\/)/g, '') : '/id';
  const base = `/data/attributes/${field}/data`;
  return { status: 400, code: 'invalid', title: 'Invalid input', detail, pointer: `${base}${related}`, meta: { id } };
}

const tooManyJobs = {
  status: 429,
  code: 'too_many_jobs',
  title: 'Too many jobs.',
  detail: `At most ${maxJobsInProgress} jobs may be in progress at one time.`,
};

function addJobQueryRoutes(
  api: Api,
  account: Account,
  { type, field }: { type: string; field: CatalogJobField },
  [list, single]: [OperationName, OperationName],
): void {
  api.on(list, (call: Call) => {
    const filters = parseFilter(parameter(call.query, 'filter'), { status: ['equals'] });
    const records = account.jobs.all(type).filter((job) => filters.every((filter) => passes(filter, job.status)));
    const sorts = { created_at: (job: Job) => job.seq };
    const pageSize = { default: 100, max: 'fixed' } as const;
    const page = paginate({ ...call, records, pageSize, sorts, defaultOrder: 'descending' });
    const data = page.records.map((job) => catalogJobResource(job, call, field));
    return { status: 200, body: { data, links: page.links } };
  });
  api.on(single, (call: Call) => {
    const job = account.jobs.get(type, call.id);
    if (job === undefined) throw new RequestError(notFound(`A job with id ${call.id} does not exist.`));
    const included = type.includes('-delete-') ? {} : includedRecords(account, job, call, field);
    return { status: 200, body: { data: catalogJobResource(job, call, field), ...included } };
  });
}
