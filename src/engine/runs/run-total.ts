/** Number of records that a run reads, for its progress. */
import type { BulkResource } from '../../commercetools/schemas.ts';
import { hasEnded, type Run, type RunRequest } from './run.ts';

/** @returns the number of all records of a resource; undefined if commercetools can't answer */
export type CountRecords = (resource: BulkResource) => Promise<number | undefined>;

/** @returns undefined for a part that can't be counted in advance, or if commercetools can't answer */
export async function totalOfRequest(
  countRecords: CountRecords,
  resource: BulkResource,
  { ids, deleteAll, startId, since, where }: RunRequest,
): Promise<number | undefined> {
  if (ids) return ids.length;
  const isPart = deleteAll || startId !== undefined || since !== undefined || where !== undefined;
  return isPart ? undefined : countRecords(resource);
}

/** @returns undefined also for a run that has ended */
export async function totalOf(countRecords: CountRecords, run: Run): Promise<number | undefined> {
  return hasEnded(run) ? undefined : totalOfRequest(countRecords, run.resource, run.request);
}
