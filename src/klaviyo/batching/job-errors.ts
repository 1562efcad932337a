/** Attributes a job's errors to the records of its body. */
import { z } from 'zod';
import { parseJson } from '../../lib/json.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { ApiFailure } from '../api/errors.ts';
import { type BatchItem, type BodyPosition, positionOf } from './bulk-body.ts';
import type { JobError } from './job-poller.ts';

/**
 * Finds an error's record by its pointer, else by the identifiers of the payload that Klaviyo repeats.
 * @returns the failed records; `unattributed`: at least one error matches no record, or several
 */
export function attribute<Entry extends { item: BatchItem }>(
  entries: readonly Entry[],
  errors: readonly JobError[],
  positions: readonly BodyPosition[],
): { failed: Map<Entry, JobError>; unattributed: boolean } {
  const failed = new Map<Entry, JobError>();
  let unattributed = false;
  for (const error of errors) {
    const target = positionOf(error.pointer);
    const entryIndex = target ? positions.findIndex(({ index }) => index === target.index) : -1;
    const entry = entries[entryIndex] ?? entryOfPayload(entries, error.payload);
    if (entry) failed.set(entry, error);
    else unattributed = true;
  }
  return { failed, unattributed };
}

const identifiers = z.object({ email: z.string().nullish(), external_id: z.string().nullish() });
const profileRecord = z.object({ attributes: identifiers });

/** @returns the entry whose identifiers are those of the payload, if there is exactly one */
function entryOfPayload<Entry extends { item: BatchItem }>(
  entries: readonly Entry[],
  payload: unknown,
): Entry | undefined {
  const { data } = identifiers.safeParse(payload);
  const { email, external_id: id } = data ?? {};
  const values = [email, id].filter((value) => value != null).map((value) => JSON.stringify(value));
  if (values.length === 0) return undefined;
  const matching = entries.filter(({ item: { text } }) => {
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

/** @returns the failure that the single endpoint would have returned */
export function failureOf({ code, detail, pointer }: JobError): ApiFailure {
  const status = code === 'not_found' ? 404 : /duplicate|conflict|exists/.test(code) ? 409 : 400;
  return { type: 'rejected', status, errors: [omitUndefined({ code, detail, pointer })] };
}
