/** From when on a sync reads what changed: a time, or where the last complete sync of the resource began. */
import { z } from 'zod';
import type { BulkResource } from '../../commercetools/schemas.ts';
import type { RunRequest } from './run.ts';

export interface SinceRequest {
  resource: BulkResource;
  /** Its `since` as somebody gave it: ISO 8601 with Z or an offset, a date (from midnight in UTC), or `last`. */
  request: RunRequest;
  now: Date;
  /** ISO 8601: when the latest complete sync began. */
  lastBegan(resource: BulkResource): Promise<string | undefined>;
}

/** The word for where the last complete sync began. */
const last = 'last';

const timeSchema = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/**
 * A sync of what changed may be forced and choose whether its events wake flows; it can't be one of chosen ids, of orders
 * from an id on, or of a deletion, which all say themselves what they are about.
 * @returns the time in UTC, nothing where none was asked for, or why it makes no sense; `gap` where it
 * begins after the last complete sync: what changed in between is still to be synced
 */
export async function resolveSince(asked: SinceRequest): Promise<{ since?: string; gap?: true } | { refused: string }> {
  const { resource, request, now } = asked;
  if (request.since === undefined) return {};
  const other = (['ids', 'startId', 'deleteAll'] as const).find((name) => request[name] !== undefined);
  if (other) return { refused: `since and ${other}: give one of them` };
  if (request.since === last) {
    const began = await asked.lastBegan(resource);
    if (began !== undefined) return { since: began };
    return {
      refused: `since: no sync of ${resource} has completed yet, so there is no "last"; sync everything once, or give a time`,
    };
  }
  const time = timeSchema.safeParse(request.since);
  if (!time.success) return { refused: 'since: must be a time such as 2026-03-01T06:00:00Z or 2026-03-01, or "last"' };
  const since = new Date(time.data);
  if (since > now) return { refused: 'since: lies in the future; give a time that has passed, or "last"' };
  const began = await asked.lastBegan(resource);
  const gap = began !== undefined && began < since.toISOString();
  return { since: since.toISOString(), ...(gap ? { gap } : {}) };
}
