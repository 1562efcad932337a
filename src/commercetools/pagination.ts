/** Walks a resource in keyset pages, by id or by change: never by offset, so that it neither slows down nor skips. */
import { z } from 'zod';
import type { CommercetoolsClient, Query } from './client.ts';
import { CommercetoolsError } from './errors.ts';
import type { BulkResource } from './schemas.ts';

/** Which records: `ids`, or those of a range, or those that changed. */
export type PageQuery =
  | { ids: readonly string[] }
  /** Ids from `from` on and below `to`, behind `after`. */
  | { from?: string | undefined; to?: string | undefined; after?: string | undefined }
  /** Changed from `since` on, up to `until`, behind `at`; ISO 8601. */
  | { since: string; until: string; at?: Position | undefined };

export interface Position {
  lastModifiedAt: string;
  id: string;
}

export interface PageIteration {
  resource: BulkResource;
  query: PageQuery;
  /** A predicate that narrows it. */
  where?: string;
  /** Records a page, at most 500. */
  pageSize?: number;
}

export interface Page {
  /** As the API gave them: the rules parse each, so that an odd one stops nobody. */
  records: unknown[];
  /** The page's last record; undefined for a page of `ids`. */
  last: Position | undefined;
  /** How many records were asked for, found or not. */
  requested: number;
  /** Of those asked for by id: which are not there. */
  missing: readonly string[];
}

/** commercetools' most for `limit`. https://docs.commercetools.com/api/general-concepts#limit */
const maxRecords = 500;
/** As many ids as a URL safely holds. */
export const maxIds = 100;

const listed = z.object({ results: z.array(z.unknown()) });
const placed = z.looseObject({ id: z.string(), lastModifiedAt: z.string().catch('') });

/** @returns the parsed list, or a ReadFailure where the API answered something else */
function parseList(body: unknown, path: string): unknown[] {
  const parsed = listed.safeParse(body);
  if (!parsed.success)
    throw new CommercetoolsError('unavailable', `commercetools answered ${path} in an unknown shape`);
  return parsed.data.results;
}

/** @yields pages in order; ends after the first short one. Rejects with a ReadFailure. */
export async function* iteratePages(client: CommercetoolsClient, want: PageIteration): AsyncGenerator<Page> {
  const { resource, query: wanted, where, pageSize = maxRecords } = want;
  if ('ids' in wanted) {
    yield* iteratePagesOfIds(client, resource, wanted.ids);
    return;
  }
  let next = wanted;
  for (;;) {
    const query = { limit: pageSize, withTotal: false, ...queryOf(next, where) };
    const records = parseList(await client.get(resource, query), resource);
    if (records.length > 0) {
      const last = lastOf(records, resource);
      next = 'since' in next ? { ...next, at: last } : { ...next, after: last.id };
      yield { records, last, requested: records.length, missing: [] };
    }
    if (records.length < pageSize) return;
  }
}

/** Predicates with variables, so that nothing has to be quoted. https://docs.commercetools.com/api/predicates/query */
function queryOf(wanted: Exclude<PageQuery, { ids: readonly string[] }>, where: string | undefined): Query {
  const clauses = where === undefined ? [] : [where];
  if ('since' in wanted) {
    const { since, until, at } = wanted;
    clauses.push('lastModifiedAt <= :until');
    clauses.push(at ? 'lastModifiedAt > :at or (lastModifiedAt = :at and id > :last)' : 'lastModifiedAt >= :since');
    const variables = at ? { 'var.at': at.lastModifiedAt, 'var.last': at.id } : { 'var.since': since };
    return { sort: ['lastModifiedAt asc', 'id asc'], where: clauses, 'var.until': until, ...variables };
  }
  const { from, to, after } = wanted;
  // Behind the last id there is no need to say where the range begins.
  const lower = after ?? from;
  if (lower !== undefined) clauses.push(after === undefined ? 'id >= :lower' : 'id > :lower');
  if (to !== undefined) clauses.push('id < :to');
  return {
    sort: 'id asc',
    where: clauses,
    ...(lower === undefined ? {} : { 'var.lower': lower }),
    ...(to === undefined ? {} : { 'var.to': to }),
  };
}

function lastOf(records: readonly unknown[], path: string): Position {
  const last = placed.safeParse(records.at(-1));
  if (!last.success) throw new CommercetoolsError('unavailable', `commercetools listed ${path} without ids`);
  return { id: last.data.id, lastModifiedAt: last.data.lastModifiedAt };
}

async function* iteratePagesOfIds(
  client: CommercetoolsClient,
  resource: BulkResource,
  ids: readonly string[],
): AsyncGenerator<Page> {
  for (let start = 0; start < ids.length; start += maxIds) {
    const chunk = ids.slice(start, start + maxIds);
    const records = await queryByField(client, { path: resource, field: 'id', values: chunk });
    const found = new Set(records.map((record) => z.looseObject({ id: z.string() }).safeParse(record).data?.id));
    yield { records, last: undefined, requested: chunk.length, missing: chunk.filter((id) => !found.has(id)) };
  }
}

export interface FieldQuery {
  path: string;
  /** A field, or a nested predicate with `:values` in it. */
  field: string;
  values: readonly string[];
}

/** Every record whose field has one of the values: all pages of it. At most `mostIds` values. */
export async function queryByField(
  client: CommercetoolsClient,
  { path, field, values }: FieldQuery,
): Promise<unknown[]> {
  const where = field.includes(':values') ? field : `${field} in :values`;
  const found: unknown[] = [];
  let last: string | undefined;
  for (;;) {
    const records = parseList(
      await client.get(path, {
        limit: maxRecords,
        withTotal: false,
        sort: 'id asc',
        where: last === undefined ? where : [where, 'id > :last'],
        'var.values': values,
        ...(last === undefined ? {} : { 'var.last': last }),
      }),
      path,
    );
    found.push(...records);
    if (records.length < maxRecords) return found;
    last = lastOf(records, path).id;
  }
}
