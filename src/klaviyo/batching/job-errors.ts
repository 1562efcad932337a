/** Attributes a job's errors to the records of its body. */
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import type { ApiFailure } from '../api/errors.ts';
import { type BatchItem, type BodyPosition, positionOf } from './bulk-body.ts';
import type { JobError } from './job-poller.ts';
import type { Operation } from './operations.ts';

/**
 * Finds an error's record by its id, else by its pointer, else by the identifiers of the payload that Klaviyo repeats. An
 * error of a body with one record is that record's.
 * @returns the failed records; `unattributed`: other records may have failed too
 */
export function attribute<Entry extends { item: BatchItem }>(
  entries: readonly Entry[],
  { errors, unlistedErrors }: { errors: readonly JobError[]; unlistedErrors: number },
  positions: readonly BodyPosition[],
): { failed: Map<Entry, JobError>; unattributed: boolean } {
  const failed = new Map<Entry, JobError>();
  let unattributed = unlistedErrors > 0;
  const onlyEntry = entries.length === 1 ? entries[0] : undefined;
  const byRecordId = new Map(entries.map((entry) => [entry.item.recordId, entry]));
  for (const error of errors) {
    const target = positionOf(error.pointer);
    const entryIndex = target ? positions.findIndex(({ index }) => index === target.index) : -1;
    const named = error.recordId === undefined ? undefined : byRecordId.get(error.recordId);
    const entry = named ?? entries[entryIndex] ?? entryOfPayload(entries, error.payload) ?? onlyEntry;
    if (entry) failed.set(entry, error);
    else unattributed = true;
  }
  return { failed, unattributed };
}

const identifiers = z.looseObject({ email: z.string().nullish(), external_id: z.string().nullish() });
const profileRecord = z.object({ attributes: identifiers });

/** @returns the entry whose identifiers are those of the payload, if there is exactly one */
function entryOfPayload<Entry extends { item: BatchItem }>(
  entries: readonly Entry[],
  payload: unknown,
): Entry | undefined {
  const { email, external_id: id } = identifiersIn(payload);
  const values = [email, id].filter((value) => value != null).map((value) => JSON.stringify(value));
  if (values.length === 0) return undefined;
  const matching = entries.filter(({ item }) => {
    const text = item.text();
    // Cheap search first. A match is parsed, since a record may contain the identifiers in other attributes.
    if (!values.every((value) => text.includes(value))) return false;
    const attributes = profileRecord.safeParse(parseJson(text)).data?.attributes;
    return (
      attributes !== undefined &&
      (email == null || attributes.email === email) &&
      (id == null || attributes.external_id === id)
    );
  });
  return matching.length === 1 ? matching[0] : undefined;
}

/** The payload may be the record's attributes, the record, or the record in an envelope: none was ever recorded. */
function identifiersIn(payload: unknown): z.infer<typeof identifiers> {
  const parsed = identifiers.safeParse(payload).data ?? {};
  if (parsed.email != null || parsed.external_id != null) return parsed;
  const inner = nested.safeParse(payload).data;
  return inner === undefined ? {} : identifiersIn(inner.attributes ?? inner.data);
}

const nested = z
  .looseObject({ attributes: z.unknown().optional(), data: z.unknown().optional() })
  .refine(({ attributes, data }) => attributes !== undefined || data !== undefined);

/**
 * @returns the failure that the single endpoint would have returned; `unclear` for a catalog record, since the errors of
 * catalog jobs have the code `invalid` whatever the reason is, as was recorded
 */
export function failureOf(error: JobError, operation: Operation): ApiFailure | 'unclear' {
  const isCatalog = operation.job !== undefined && operation.job.errors === undefined;
  return isCatalog && error.code === 'invalid' ? 'unclear' : rejectedBy(error);
}

/** A record that an update or deletion does not find has an error at its id, as was recorded. */
const pointsAtId = /\/data\/id$/;

export function rejectedBy({ code, detail, pointer = '' }: JobError): ApiFailure {
  const isMissing = code === 'not_found' || (code === 'invalid' && pointsAtId.test(pointer));
  const status = isMissing ? 404 : /duplicate|conflict|exists/.test(code) ? 409 : 400;
  return { type: 'rejected', status, errors: [pointer === '' ? { code, detail } : { code, detail, pointer }] };
}
