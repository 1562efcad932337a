/** Resolves the `since` of a sync request: a time, or `last` for where the last complete sync of the resource started. */
import { z } from 'zod';
import type { BulkResource } from '../../commercetools/schemas.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { RunRequest } from './run.ts';

export interface SinceRequest {
  resource: BulkResource;
  /** `since` is ISO 8601 with Z or an offset, a date (midnight in UTC), or `last`. */
  request: RunRequest;
  /** The latest that the present time of commercetools may be. */
  now(): Date;
  /** ISO 8601: when the latest complete sync that did not start after `notAfter` started reading. */
  lastCompleteSince(resource: BulkResource, notAfter: Date): Promise<string | undefined>;
  /** Whether all records of the resource were deleted in Klaviyo after its last complete sync. */
  wasDeleted(resource: BulkResource): Promise<boolean>;
}

/** Why a sync may not start. */
export interface StartRefusal {
  refused: string;
  /** Set if a sync of all records would do: there is no `last`. */
  code?: 'no-complete-sync';
}

const last = 'last';
/** Clocks of commercetools' servers may differ by less. */
const clockToleranceMs = 60_000;
const timeSchema = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/**
 * A sync with `since` can't be combined with `ids`, `startId` or `deleteAll`, which select records themselves.
 * @returns the time in UTC, nothing without a `since`, or why it is invalid; `gap` if it is later than the start of the
 * last complete sync, so that changes in between remain to be synced, or if what that wrote was deleted
 */
export async function resolveSince({
  resource,
  request,
  now,
  lastCompleteSince,
  wasDeleted,
}: SinceRequest): Promise<{ since?: string; gap?: true } | StartRefusal> {
  if (request.since === undefined) return {};
  const conflicting = (['ids', 'startId', 'deleteAll'] as const).find((name) => request[name] !== undefined);
  if (conflicting) return { refused: `since and ${conflicting}: give one of them` };
  // A process with a wrong clock may have stored a time in the future.
  const lastSince = await lastCompleteSince(resource, new Date(now().getTime() + clockToleranceMs));
  if (request.since === last) {
    if (lastSince !== undefined) return { since: lastSince };
    return {
      code: 'no-complete-sync',
      refused: `since: no sync of ${resource} has completed yet, so there is no "last"; sync everything once, or give a time`,
    };
  }
  const time = timeSchema.safeParse(request.since);
  if (!time.success) return { refused: 'since: must be a time such as 2026-03-01T06:00:00Z or 2026-03-01, or "last"' };
  const since = new Date(time.data);
  if (since > now()) return { refused: 'since: lies in the future; give a time that has passed, or "last"' };
  const gap = lastSince === undefined ? await wasDeleted(resource) : lastSince < since.toISOString();
  return omitUndefined({ since: since.toISOString(), gap: gap || undefined });
}
