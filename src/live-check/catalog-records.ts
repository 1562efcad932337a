/** Test records in Klaviyo's catalogue: their bodies, and how they are removed. */
import { z } from 'zod';
import { compoundId } from '../klaviyo/existing-records.ts';
import { UnverifiableError } from './errors.ts';
import { failureError, hasStatus, type LiveRequest, requestKlaviyo } from './klaviyo-requests.ts';
import type { LiveCheckContext } from './live-check.ts';
import { pollUntil } from './poll.ts';

const origin = { integration_type: '$custom', catalog_type: '$default' };

/** Hidden, so that no product feed and no recommendation shows it. */
export function newItem(externalId: string, attributes: object = {}): object {
  const text = { title: externalId, description: 'Test record of ctk check --live', url: 'https://example.com/' };
  return {
    type: 'catalog-item',
    attributes: { ...origin, external_id: externalId, ...text, published: false, ...attributes },
  };
}

export function newCategory(externalId: string): object {
  return { type: 'catalog-category', attributes: { ...origin, external_id: externalId, name: externalId } };
}

/** @throws UnverifiableError if the item may remain */
export const removeItem = (context: LiveCheckContext, id: string) => remove(context, { endpoint: 'deleteItem', id });
/** @throws UnverifiableError if the category may remain */
export const removeCategory = (context: LiveCheckContext, id: string) =>
  remove(context, { endpoint: 'deleteCategory', id });

async function remove(context: LiveCheckContext, request: LiveRequest): Promise<void> {
  const result = await requestKlaviyo(context, request);
  if (!result.ok && !hasStatus(result.failure, 404)) throw failureError(request, result.failure);
}

const job = z.looseObject({
  data: z.looseObject({ id: z.string(), attributes: z.looseObject({ status: z.string() }) }),
});

/** @returns whether the job completed within the time. @throws UnverifiableError */
export async function jobCompletes(
  context: LiveCheckContext,
  start: LiveRequest,
  { get, signal }: { get: LiveRequest['endpoint']; signal: AbortSignal },
): Promise<boolean> {
  const started = await requestKlaviyo(context, start);
  if (!started.ok) throw failureError(start, started.failure);
  const { id } = job.parse(started.body).data;
  const status = async () => {
    const result = await requestKlaviyo(context, { endpoint: get, id });
    const parsed = result.ok ? job.safeParse(result.body).data : undefined;
    return parsed?.data.attributes.status === 'complete' ? true : undefined;
  };
  return (await pollUntil(status, { maxMs: context.limits.jobMs, signal })) ?? false;
}

/** Starts a job that creates one item. @returns whether it completed within the time. @throws UnverifiableError */
export function createItemByJob(context: LiveCheckContext, externalId: string): Promise<boolean> {
  const attributes = { items: { data: [newItem(externalId)] } };
  const body = { data: { type: 'catalog-item-bulk-create-job', attributes } };
  return jobCompletes(context, { endpoint: 'createItems', body }, { get: 'getItemCreation', signal: context.signal });
}

/**
 * Deletes items whose ids can't stand in a path. Waits for the job even when the checks were stopped.
 * @throws UnverifiableError if one may remain
 */
export async function removeItemsByJob(context: LiveCheckContext, externalIds: readonly string[]): Promise<void> {
  const data = externalIds.map((externalId) => ({ type: 'catalog-item', id: compoundId(externalId) }));
  const body = { data: { type: 'catalog-item-bulk-delete-job', attributes: { items: { data } } } };
  const never = new AbortController().signal;
  if (!(await jobCompletes(context, { endpoint: 'deleteItems', body }, { get: 'getItemDeletion', signal: never })))
    throw new UnverifiableError('the job that deletes it has not completed yet');
}
