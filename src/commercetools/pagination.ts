/** Reads a resource in keyset pages. Offsets would slow down with each page and miss records that move meanwhile. */
import { z } from 'zod';
import { chunksOf } from '../lib/chunks.ts';
import { omitUndefined } from '../lib/omit-undefined.ts';
import type { CommercetoolsClient, Query } from './client.ts';
import { CommercetoolsError } from './errors.ts';
import type { BulkResource } from './schemas.ts';

/** Records to read: by id, by range of ids, or by time of change. */
export type PageQuery =
  | { ids: readonly string[] }
  /** Ids of at least `from`, below `to` and above `after`. */
  | { from?: string | undefined; to?: string | undefined; after?: string | undefined }
  /** Changed at or after `since` and at or before `until` (ISO 8601), after the record at `at`. */
  | { since: string; until: string; at?: PagePosition | undefined };

/** Position of a record in a query by time of change. */
export interface PagePosition {
  lastModifiedAt: string;
  id: string;
}

export interface PageIteration {
  resource: BulkResource;
  query: PageQuery;
  where?: string;
  /** Records per page, at most 500. */
  pageSize?: number;
}

export interface Page {
  /** Unparsed records. The rules parse each one, so that an invalid record does not stop the others. */
  records: unknown[];
  /** Last record of the page; undefined for a page of `ids`. */
  last: PagePosition | undefined;
  requested: number;
  missing: readonly string[];
}

/** Maximum of `limit`. https://docs.commercetools.com/api/general-concepts#limit */
const maxRecords = 500;
/**
 * Limits of the values of a query. The API refuses URLs of 8,192 characters, and a proxy before it may refuse shorter ones: at
 * most 6,000, of which address, predicate and paging need a part.
 */
export const urlLimits = {
  maxItems: 100,
  maxLength: 5_500,
  lengthOf: (value: string) => new URLSearchParams({ 'var.values': value }).toString().length + 1,
};

const listed = z.object({ results: z.array(z.unknown()) });
const positioned = z.looseObject({ id: z.string(), lastModifiedAt: z.string().catch('') });

/** Returns the records of a response. @throws CommercetoolsError if the response is not a list */
export function parseList(body: unknown, path: string): unknown[] {
  const parsed = listed.safeParse(body);
  if (!parsed.success)
    throw new CommercetoolsError('unavailable', `commercetools answered ${path} in an unknown shape`);
  return parsed.data.results;
}

/** Yields pages in sequence until the first incomplete one. @throws CommercetoolsError */
export async function* iteratePages(
  client: CommercetoolsClient,
  { resource, query, where, pageSize = maxRecords }: PageIteration,
): AsyncGenerator<Page> {
  if ('ids' in query) return yield* iteratePagesOfIds(client, resource, query.ids);
  let next = query;
  for (;;) {
    const parameters = { limit: pageSize, withTotal: false, ...parametersOf(next, where) };
    const records = parseList(await client.get(resource, parameters), resource);
    if (records.length > 0) {
      const last = lastOf(records, resource);
      if ('since' in next)
        assertAdvance([last.lastModifiedAt, last.id], [next.at?.lastModifiedAt, next.at?.id], resource);
      else assertAdvance([last.id], [next.after], resource);
      next = 'since' in next ? { ...next, at: last } : { ...next, after: last.id };
      yield { records, last, requested: records.length, missing: [] };
    }
    if (records.length < pageSize) return;
  }
}

/**
 * Joins predicates to one, because the reference does not say how several `where` parameters are combined.
 * https://docs.commercetools.com/api/predicates/query
 */
function allOf(predicates: readonly string[]): string {
  const [only = ''] = predicates;
  return predicates.length > 1 ? predicates.map((predicate) => `(${predicate})`).join(' and ') : only;
}

/** Returns predicates with variables, so that values need no quoting. https://docs.commercetools.com/api/predicates/query */
function parametersOf(query: Exclude<PageQuery, { ids: readonly string[] }>, where: string | undefined): Query {
  const clauses = where === undefined ? [] : [where];
  if ('since' in query) {
    const { since, until, at } = query;
    clauses.push('lastModifiedAt <= :until');
    clauses.push(at ? 'lastModifiedAt > :at or (lastModifiedAt = :at and id > :last)' : 'lastModifiedAt >= :since');
    const variables = at ? { 'var.at': at.lastModifiedAt, 'var.last': at.id } : { 'var.since': since };
    return { sort: ['lastModifiedAt asc', 'id asc'], where: allOf(clauses), 'var.until': until, ...variables };
  }
  const { from, to, after } = query;
  // After the first page `after` alone is the lower bound.
  const lower = after ?? from;
  if (lower !== undefined) clauses.push(after === undefined ? 'id >= :lower' : 'id > :lower');
  if (to !== undefined) clauses.push('id < :to');
  const selected = clauses.length > 0 ? { where: allOf(clauses) } : {};
  return omitUndefined({ sort: 'id asc', ...selected, 'var.lower': lower, 'var.to': to });
}

function lastOf(records: readonly unknown[], path: string): PagePosition {
  const last = positioned.safeParse(records.at(-1));
  if (!last.success) throw new CommercetoolsError('unavailable', `commercetools listed ${path} without ids`);
  return { id: last.data.id, lastModifiedAt: last.data.lastModifiedAt };
}

async function* iteratePagesOfIds(
  client: CommercetoolsClient,
  resource: BulkResource,
  ids: readonly string[],
): AsyncGenerator<Page> {
  for (const chunk of chunksOf(ids, urlLimits)) {
    // An id that can't be queried belongs to no record.
    const values = chunk.filter(isQueryable);
    const query = { path: resource, field: 'id', values };
    const records = values.length > 0 ? await queryByField(client, query, () => undefined) : [];
    const found = new Set(records.map((record) => z.looseObject({ id: z.string() }).safeParse(record).data?.id));
    yield { records, last: undefined, requested: chunk.length, missing: chunk.filter((id) => !found.has(id)) };
  }
}

interface FieldQuery {
  path: string;
  /** Name of the field, or a predicate with the variable `:values`. */
  field: string;
  /** A chunk within `urlLimits`. */
  values: readonly string[];
}

/**
 * Returns all records whose field has one of the values, from all pages. A query that is refused, such as for a URL that is
 * too long, is split in half, so that a value that is refused by itself does not concern the others; a record that matches
 * values of both halves is returned twice then.
 * @param onRefused called with a value that is refused by itself; without it that value's error is thrown
 * @throws CommercetoolsError
 */
export async function queryByField(
  client: CommercetoolsClient,
  query: FieldQuery,
  onRefused?: (value: string, error: CommercetoolsError) => void,
): Promise<unknown[]> {
  try {
    return await queryAllPages(client, query);
  } catch (thrown) {
    const { values } = query;
    if (!(thrown instanceof CommercetoolsError) || thrown.type !== 'rejected') throw thrown;
    const [only = ''] = values;
    if (values.length < 2) {
      if (!onRefused) throw thrown;
      onRefused(only, thrown);
      return [];
    }
    const middle = Math.ceil(values.length / 2);
    const halves = [values.slice(0, middle), values.slice(middle)];
    return (
      await Promise.all(halves.map((half) => queryByField(client, { ...query, values: half }, onRefused)))
    ).flat();
  }
}

/** Longest id, key, sku or e-mail that a record of commercetools may have. https://docs.commercetools.com/api/limits */
const maxValueLength = 256;

/** Returns whether a record may have this id, key or sku: such a value can be a part of a query. */
export function isQueryable(value: string): boolean {
  return value.length > 0 && value.length <= maxValueLength && value.isWellFormed();
}

async function queryAllPages(client: CommercetoolsClient, { path, field, values }: FieldQuery): Promise<unknown[]> {
  const where = field.includes(':values') ? field : `${field} in :values`;
  const found: unknown[] = [];
  let last: string | undefined;
  for (;;) {
    const after = last === undefined ? { where } : { where: allOf([where, 'id > :last']), 'var.last': last };
    const query = { limit: maxRecords, withTotal: false, sort: 'id asc', ...after, 'var.values': values };
    const records = parseList(await client.get(path, query), path);
    found.push(...records);
    if (records.length < maxRecords) return found;
    const { id } = lastOf(records, path);
    assertAdvance([id], [last], path);
    last = id;
  }
}

/** An answer that repeats a page would be read for ever. @throws CommercetoolsError */
function assertAdvance(last: readonly string[], before: readonly (string | undefined)[], path: string): void {
  if (last.every((value, index) => value === before[index]))
    throw new CommercetoolsError('unavailable', `commercetools repeats a page of ${path}`);
}

/**
 * Returns whether the API compares ids by order with an id that no record has, as bounds of ranges are: its reference shows
 * only ids of records. @throws CommercetoolsError if the API can't answer
 */
export async function acceptsInventedIds(
  client: CommercetoolsClient,
  resource: BulkResource,
  bound: string,
): Promise<boolean> {
  try {
    await client.get(resource, { limit: 1, withTotal: false, ...parametersOf({ from: bound, to: bound }, undefined) });
    return true;
  } catch (thrown) {
    if (thrown instanceof CommercetoolsError && thrown.status === 400) return false;
    throw thrown;
  }
}

const counted = z.object({ total: z.number() });

/** Returns the number of records, of a query or all, or undefined if the request fails. */
export async function countOf(
  client: CommercetoolsClient,
  resource: BulkResource,
  query: Exclude<PageQuery, { ids: readonly string[] }> = {},
): Promise<number | undefined> {
  const parameters = { ...parametersOf(query, undefined), limit: 1, withTotal: true };
  const response = await client.get(resource, parameters).catch(() => undefined);
  return counted.safeParse(response).data?.total;
}
