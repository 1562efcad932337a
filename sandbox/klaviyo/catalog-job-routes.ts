/**
 * Routes for catalog bulk jobs, which create, update and delete items, variants and categories.
 * https://developers.klaviyo.com/en/reference/bulk_create_catalog_items
 */
import type { Account } from './account.ts';
import type { Api, ApiResponse, Call } from './api.ts';
import type { CatalogResult } from './catalog-records.ts';
import { notFound, RequestError } from './errors.ts';
import { parseFilter, passes } from './filter.ts';
import type { Job, RecordFailure } from './jobs.ts';
import type { OperationName } from './operations.ts';
import { paginate, parameter } from './query.ts';
import { jobResource, type ResourceContext } from './resources.ts';

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
  addJobQueryRoutes(api, account, 'catalog-item-bulk-create-job', [
    'get_bulk_create_catalog_items_jobs',
    'get_bulk_create_catalog_items_job',
  ]);
  addJobQueryRoutes(api, account, 'catalog-item-bulk-update-job', [
    'get_bulk_update_catalog_items_jobs',
    'get_bulk_update_catalog_items_job',
  ]);
  addJobQueryRoutes(api, account, 'catalog-item-bulk-delete-job', [
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
  addJobQueryRoutes(api, account, 'catalog-variant-bulk-create-job', [
    'get_bulk_create_variants_jobs',
    'get_bulk_create_variants_job',
  ]);
  addJobQueryRoutes(api, account, 'catalog-variant-bulk-update-job', [
    'get_bulk_update_variants_jobs',
    'get_bulk_update_variants_job',
  ]);
  addJobQueryRoutes(api, account, 'catalog-variant-bulk-delete-job', [
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
  addJobQueryRoutes(api, account, 'catalog-category-bulk-create-job', [
    'get_bulk_create_categories_jobs',
    'get_bulk_create_categories_job',
  ]);
  addJobQueryRoutes(api, account, 'catalog-category-bulk-update-job', [
    'get_bulk_update_categories_jobs',
    'get_bulk_update_categories_job',
  ]);
  addJobQueryRoutes(api, account, 'catalog-category-bulk-delete-job', [
    'get_bulk_delete_categories_jobs',
    'get_bulk_delete_categories_job',
  ]);
}

type Batch<T> = { records: readonly T[]; field: 'items' | 'variants' | 'categories' };

function createJobStarter({ jobs }: Account) {
  return {
    start<T>(
      type: string,
      { records, field }: Batch<T>,
      context: ResourceContext,
      apply: (record: T) => CatalogResult<unknown>,
    ): ApiResponse {
      // The API reference documents the limit, not the status code. The sandbox uses 429 because the request is valid
      // and can be retried.
      if (jobs.inProgress(type) >= maxJobsInProgress) throw new RequestError(tooManyJobs);
      const job = jobs.start(type, records.length, () =>
        records.flatMap((record, index): RecordFailure[] => {
          const injectedError = jobs.injectedError(type);
          const outcome = injectedError ? { error: injectedError } : apply(record);
          if (!('error' in outcome)) return [];
          const below = (outcome.error.pointer ?? '').replace(/^\/data/, '');
          const pointer = `/data/attributes/${field}/data/${index}${below}`;
          return [{ error: { ...outcome.error, pointer }, original: undefined }];
        }),
      );
      return { status: 202, body: { data: catalogJobResource(job, context) } };
    },
  };
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
  type: string,
  [list, single]: [OperationName, OperationName],
): void {
  api.on(list, (call: Call) => {
    const filters = parseFilter(parameter(call.query, 'filter'), { status: ['equals'] });
    const records = account.jobs.all(type).filter((job) => filters.every((filter) => passes(filter, job.status)));
    const sorts = { created_at: (job: Job) => job.seq };
    const page = paginate({ ...call, records, pageSize: { default: 100, max: 100 }, sorts });
    return { status: 200, body: { data: page.records.map((job) => catalogJobResource(job, call)), links: page.links } };
  });
  api.on(single, (call: Call) => {
    const job = account.jobs.get(type, call.id);
    if (job === undefined) throw new RequestError(notFound(`A job with id ${call.id} does not exist.`));
    return { status: 200, body: { data: catalogJobResource(job, call) } };
  });
}

function catalogJobResource(job: Job, context: ResourceContext) {
  const errors = job.failures.map(({ error: { code, title, detail, pointer } }, index) => {
    return { id: `${job.id}-${index}`, code, title, detail, source: { pointer: pointer ?? '/data' } };
  });
  return jobResource(job, context, { errors });
}
