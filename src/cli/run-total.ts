/** Counts the records that a run reads, for its progress. */
import type { Components } from '../app/components.ts';
import { countOf } from '../commercetools/pagination.ts';
import type { BulkResource } from '../commercetools/schemas.ts';
import { hasEnded, type Run, type RunRequest } from '../engine/runs/run.ts';

/** @returns undefined for a part that can't be counted in advance, or if commercetools can't answer */
export async function totalOfRequest(
  { commercetools }: Pick<Components, 'commercetools'>,
  resource: BulkResource,
  { ids, deleteAll, startId, since, where }: RunRequest,
): Promise<number | undefined> {
  if (ids) return ids.length;
  const isPart = deleteAll || startId !== undefined || since !== undefined || where !== undefined;
  return isPart ? undefined : countOf(commercetools, resource);
}

/** @returns undefined also for a run that has ended */
export async function totalOf(components: Pick<Components, 'commercetools'>, run: Run): Promise<number | undefined> {
  return hasEnded(run) ? undefined : totalOfRequest(components, run.resource, run.request);
}
