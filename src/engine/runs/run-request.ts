/** Validates the request of a sync, for the HTTP API, the CLI and the Connect job alike. */
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { RunRequest, Starter } from './run.ts';
import type { Runs, Started } from './runs.ts';

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
}

export type SyncCommand =
  | { type: 'start'; request: RunRequest }
  | { type: 'resume' }
  | { type: 'invalid'; problem: string };

/** Name of each option in the interface, such as `--start-id`, for error messages. */
export type SyncOptionNames = Record<keyof SyncRequest, string>;

const fieldNames: SyncOptionNames = {
  ids: 'ids',
  startId: 'startId',
  since: 'since',
  resume: 'resume',
  deleteAll: 'deleteAll',
  confirmDeletion: 'confirmDeletion',
  backfill: 'backfill',
  force: 'force',
};

/** @returns what to start, or which option the resource or another option rules out */
export function parseSyncRequest(
  resource: BulkResource,
  request: SyncRequest,
  names: SyncOptionNames = fieldNames,
): SyncCommand {
  const problem = problemOf(resource, request, names);
  if (problem !== undefined) return { type: 'invalid', problem };
  if (request.resume) return { type: 'resume' };
  const { ids, startId, since, deleteAll, backfill, force } = request;
  return {
    type: 'start',
    request: {
      ...(ids ? { ids: [...new Set(ids)] } : {}),
      ...(startId === undefined ? {} : { startId }),
      ...(since === undefined ? {} : { since }),
      ...(deleteAll ? { deleteAll } : {}),
      ...(backfill === undefined ? {} : { backfill }),
      ...(force ? { force } : {}),
    },
  };
}

/** Starts or resumes a sync. */
export function startSync(
  runs: Pick<Runs, 'start' | 'resume'>,
  resource: BulkResource,
  { command, by }: { command: Exclude<SyncCommand, { type: 'invalid' }>; by: Starter },
): Promise<Started> {
  return command.type === 'resume' ? runs.resume(resource, by) : runs.start(resource, command.request, by);
}

function problemOf(resource: BulkResource, request: SyncRequest, names: SyncOptionNames): string | undefined {
  const { ids, startId, resume, deleteAll, confirmDeletion, backfill } = request;
  const { resume: _resume, ...others } = request;
  if (resume && Object.values(others).some((value) => value !== undefined))
    return `${names.resume}: goes on with what was asked for; give nothing else`;
  if (startId !== undefined && resource !== 'orders')
    return `${names.startId}: only orders can be synced from an id on`;
  if (startId !== undefined && ids) return `${names.ids} and ${names.startId}: give one of them`;
  if (backfill !== undefined && resource !== 'orders') return `${names.backfill}: only orders become events`;
  if (!deleteAll)
    return confirmDeletion === undefined ? undefined : `${names.confirmDeletion}: goes with ${names.deleteAll}`;
  if (resource !== 'categories' && resource !== 'products')
    return `${names.deleteAll}: only categories and products can be deleted in Klaviyo`;
  if (ids) return `${names.ids} and ${names.deleteAll}: give one of them`;
  if (confirmDeletion !== resource)
    return `${names.confirmDeletion}: must be "${resource}": it deletes all ${resource} in Klaviyo, also those from elsewhere`;
  return undefined;
}
