/** Validates the request of a sync, for the HTTP API, the CLI and the Connect job alike. */
import type { BulkResource } from '../../commercetools/schemas.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { RunRequest, Starter } from './run.ts';
import type { Runs, StartResult } from './runs.ts';

/** Options of a sync as an interface reads them. `since` is resolved by `Runs.start`. */
export interface SyncRequest {
  ids?: readonly string[] | undefined;
  startId?: string | undefined;
  since?: string | undefined;
  resume?: boolean | undefined;
  deleteAll?: boolean | undefined;
  /** Repeats the resource, because `deleteAll` can't be undone. */
  confirmDeletion?: string | undefined;
  backfill?: boolean | undefined;
  force?: boolean | undefined;
  /** Leaves the quantity of variants that Klaviyo has as it is, so that no back-in-stock messages are sent. */
  keepStock?: boolean | undefined;
}

export type SyncCommand =
  | { type: 'start'; request: RunRequest }
  | { type: 'resume' }
  | { type: 'invalid'; problem: string };

/** Names an option as the interface does, such as `--start-id`, for error messages. */
type OptionName = (option: keyof SyncRequest) => string;

/** @returns what to start, or which option the resource or another option rules out */
export function parseSyncRequest(
  resource: BulkResource,
  request: SyncRequest,
  nameOf: OptionName = (option) => option,
): SyncCommand {
  const problem = problemOf(resource, request, nameOf);
  if (problem !== undefined) return { type: 'invalid', problem };
  if (request.resume) return { type: 'resume' };
  const { ids, startId, since, deleteAll, backfill, force, keepStock } = request;
  const uniqueIds = ids && [...new Set(ids)];
  const flags = {
    deleteAll: deleteAll || undefined,
    backfill,
    force: force || undefined,
    keepStock: keepStock || undefined,
  };
  return { type: 'start', request: omitUndefined({ ids: uniqueIds, startId, since, ...flags }) };
}

/** Whether the records of a resource become events, which may trigger flows. */
export function becomesEvents(resource: BulkResource): boolean {
  return resource === 'orders' || resource === 'carts';
}

export interface SyncStart {
  command: Exclude<SyncCommand, { type: 'invalid' }>;
  by: Starter;
  /** Its events may trigger flows. */
  isConfirmed?: boolean;
}

export function startSync(
  runs: Pick<Runs, 'start' | 'resume'>,
  resource: BulkResource,
  { command, by, isConfirmed = false }: SyncStart,
): Promise<StartResult> {
  // A sync that is resumed was confirmed when it was started.
  if (command.type === 'resume') return runs.resume(resource, by);
  return runs.start(resource, command.request, by, isConfirmed);
}

function problemOf(resource: BulkResource, request: SyncRequest, nameOf: OptionName): string | undefined {
  const { ids, startId, resume, deleteAll, confirmDeletion, backfill, keepStock } = request;
  const { resume: _resume, ...others } = request;
  if (resume && Object.values(others).some((value) => value !== undefined))
    return `${nameOf('resume')}: continues the stopped sync with its options; give no other options`;
  if (startId !== undefined && resource !== 'orders')
    return `${nameOf('startId')}: only orders can be synced from an id on`;
  if (startId !== undefined && ids) return `${nameOf('ids')} and ${nameOf('startId')}: give one of them`;
  if (backfill !== undefined && !becomesEvents(resource))
    return `${nameOf('backfill')}: only orders and carts become events`;
  if (keepStock && resource !== 'products') return `${nameOf('keepStock')}: only products have stock`;
  if (keepStock && deleteAll) return `${nameOf('keepStock')} and ${nameOf('deleteAll')}: give one of them`;
  if (!deleteAll)
    return confirmDeletion === undefined ? undefined : `${nameOf('confirmDeletion')}: goes with ${nameOf('deleteAll')}`;
  if (resource !== 'categories' && resource !== 'products')
    return `${nameOf('deleteAll')}: only categories and products can be deleted in Klaviyo`;
  if (ids) return `${nameOf('ids')} and ${nameOf('deleteAll')}: give one of them`;
  if (confirmDeletion !== resource)
    return `${nameOf('confirmDeletion')}: must be "${resource}": it deletes all ${resource} in Klaviyo, also those from elsewhere`;
  return undefined;
}
