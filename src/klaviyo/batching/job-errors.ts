/** The errors of a job, given to the records that they are about. */
import { z } from 'zod';
import { type ApiFailure, parseJson } from '../api/errors.ts';
import type { JobError } from './job-poller.ts';
import { type BatchItem, type BodyPosition, positionOf } from './operations.ts';

/** Whose error it is: by its place in the body, else by the record that Klaviyo repeats. */
export function attribute<Entry extends { item: BatchItem }>(
  entries: readonly Entry[],
  errors: readonly JobError[],
  places: readonly BodyPosition[],
): { failed: Map<Entry, JobError>; unclear: boolean } {
  const failed = new Map<Entry, JobError>();
  let unclear = false;
  for (const error of errors) {
    const place = positionOf(error.pointer);
    const index = place ? places.findIndex(({ index }) => index === place.index) : -1;
    const entry = entries[index] ?? byPayload(entries, error.payload);
    if (entry) failed.set(entry, error);
    else unclear = true;
  }
  return { failed, unclear };
}

const identified = z.object({ email: z.string().nullish(), external_id: z.string().nullish() });
const written = z.object({ attributes: identified });

/** @returns the only record with the identifiers of the payload; others may mention them, so texts are not enough */
function byPayload<Entry extends { item: BatchItem }>(entries: readonly Entry[], payload: unknown): Entry | undefined {
  const { data } = identified.safeParse(payload);
  const { email, external_id: id } = data ?? {};
  const named = [email, id].filter((text) => text != null).map((text) => JSON.stringify(text));
  if (named.length === 0) return undefined;
  const fitting = entries.filter(({ item: { text } }) => {
    if (!named.every((name) => text.includes(name))) return false;
    const own = written.safeParse(parseJson(text)).data?.attributes;
    return own !== undefined && (email == null || own.email === email) && (id == null || own.external_id === id);
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** As the single endpoint would have answered. */
export function failureOf({ code, detail, pointer }: JobError): ApiFailure {
  const status = code === 'not_found' ? 404 : /duplicate|conflict|exists/.test(code) ? 409 : 400;
  return { type: 'rejected', status, errors: [{ code, detail, ...(pointer === undefined ? {} : { pointer }) }] };
}
