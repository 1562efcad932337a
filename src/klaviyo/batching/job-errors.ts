/** Attributes a job's errors to the records of its body. */
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import type { ApiFailure } from '../api/errors.ts';
import { redact } from '../api/redact.ts';
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
  const byIndex = new Map<number, Entry>();
  for (const [at, { index }] of positions.entries()) {
    const entry = entries[at];
    if (entry && !byIndex.has(index)) byIndex.set(index, entry);
  }
  // Parses every record of the body, so only where it is needed.
  let byPayload: ReturnType<typeof indexByPayload<Entry>> | undefined;
  const entryOfPayload = (payload: unknown) => {
    byPayload ??= indexByPayload(entries);
    return byPayload(payload);
  };
  for (const error of errors) {
    const target = positionOf(error.pointer);
    const named = error.recordId === undefined ? undefined : byRecordId.get(error.recordId);
    const pointed = target && byIndex.get(target.index);
    const entry = named ?? pointed ?? entryOfPayload(error.payload) ?? onlyEntry;
    if (entry) failed.set(entry, error);
    else unattributed = true;
  }
  return { failed, unattributed };
}

const identifiers = z.looseObject({ email: z.string().nullish(), external_id: z.string().nullish() });
const profileRecord = z.object({ attributes: identifiers });

/** @returns a function that finds the entry whose identifiers are those of a payload, if there is exactly one */
function indexByPayload<Entry extends { item: BatchItem }>(entries: readonly Entry[]) {
  const records = entries.map((entry) => {
    const attributes = profileRecord.safeParse(parseJson(entry.item.text())).data?.attributes;
    return { entry, email: attributes?.email, id: attributes?.external_id };
  });
  const byEmail = Map.groupBy(records, ({ email }) => email);
  const byId = Map.groupBy(records, ({ id }) => id);
  return (payload: unknown): Entry | undefined => {
    const { email, external_id: id } = identifiersIn(payload);
    if (email == null && id == null) return undefined;
    const candidates = (id == null ? byEmail.get(email) : byId.get(id)) ?? [];
    const matching = candidates.filter((record) => email == null || record.email === email);
    return matching.length === 1 ? matching[0]?.entry : undefined;
  };
}

/** The payload may be the record's attributes, the record, or the record in an envelope: no recording shows one. */
function identifiersIn(payload: unknown): z.infer<typeof identifiers> {
  const parsed = identifiers.safeParse(payload).data ?? {};
  if (parsed.email != null || parsed.external_id != null) return parsed;
  const inner = nested.safeParse(payload).data;
  return inner === undefined ? {} : identifiersIn(inner.attributes ?? inner.data);
}

const nested = z
  .looseObject({ attributes: z.unknown().optional(), data: z.unknown().optional() })
  .refine(({ attributes, data }) => attributes !== undefined || data !== undefined);

/** @returns the error without personal data: Klaviyo's detail may quote the record. @param record its JSON */
export function redacted(error: JobError, record: string): JobError {
  return { ...error, detail: redact(error.detail, record) };
}

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
