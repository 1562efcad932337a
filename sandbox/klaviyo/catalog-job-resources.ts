/** Serializes catalog jobs. */
import { randomUUID } from 'node:crypto';
import type { Account } from './account.ts';
import type { Call } from './api.ts';
import { categoryResource, itemResource, variantResource } from './catalog-resources.ts';
import type { Job } from './jobs.ts';
import { type JsonApiResource, jobAttributes, type ResourceContext, resource } from './resources.ts';

/** Name of the records in the body and in the relationships of a catalog job. */
export type CatalogJobField = 'items' | 'variants' | 'categories';

const recordTypes = { items: 'catalog-item', variants: 'catalog-variant', categories: 'catalog-category' };

/**
 * Returns the resource of a job. Without `field`, as in the response that starts it, it names no records; nor does a
 * complete job in which every record failed.
 */
export function catalogJobResource(job: Job, context: ResourceContext, field?: CatalogJobField): JsonApiResource {
  // A delete job counts its records before it is complete, the others when they are.
  const counted = job.status === 'complete' || job.type.includes('-delete-');
  const ids = counted ? job.recordIds : [];
  const errors = job.failures.map(({ error: { code, title, detail, pointer, meta } }) => {
    return { id: randomUUID(), code, meta, title, detail, source: { pointer } };
  });
  const attributes = {
    ...jobAttributes(job),
    completed_count: ids.length,
    failed_count: counted ? errors.length : 0,
    errors: counted ? errors : [],
  };
  const shown = resource(context, { type: job.type, path: `${job.type}s`, id: job.id }, attributes);
  if (field === undefined || (job.status === 'complete' && ids.length === 0)) return shown;
  const data = ids.map((id) => ({ type: recordTypes[field], id }));
  return { ...shown, relationships: { [field]: { data } } };
}

/** Returns `included` with the records of a complete job if the request includes them. */
export function includedRecords({ catalog }: Account, job: Job, call: Call, field: CatalogJobField) {
  if (call.include(field).length === 0) return {};
  const ids = job.status === 'complete' ? job.recordIds : [];
  const shown = {
    items: (id: string) => [catalog.items.get(id) ?? []].flat().map((item) => itemResource(item, call)),
    variants: (id: string) => [catalog.variants.get(id) ?? []].flat().map((variant) => variantResource(variant, call)),
    categories: (id: string) =>
      [catalog.categories.get(id) ?? []].flat().map((category) => categoryResource(category, call)),
  };
  return { included: ids.flatMap(shown[field]) };
}
