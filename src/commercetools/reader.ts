/** Walks a resource by id, in keyset pages: never by offset, so that it neither slows down nor skips. */
import { z } from 'zod';
import type { CommercetoolsClient, Query } from './client.ts';
import { ReadFailure } from './errors.ts';
import type { BulkResource } from './types.ts';

export interface Walk {
  resource: BulkResource;
  /** A predicate that narrows it. */
  where?: string;
  /** Only these; read in chunks. */
  ids?: readonly string[];
  /** The last id that is done: the walk goes on behind it. */
  after?: string;
  /** The first id wanted, itself included. */
  from?: string;
  /** Records a page, at most 500. */
  pageSize?: number;
}

export interface Page {
  /** As the API gave them: the rules parse each, so that an odd one stops nobody. */
  records: unknown[];
  /** The id of the page's last record; undefined for a page of `ids`. */
  last: string | undefined;
  /** Of a page of `ids`: how many ids it stands for, found or not. */
  asked?: number;
}

/** commercetools' most for `limit`. https://docs.commercetools.com/api/general-concepts#limit */
const mostRecords = 500;
/** As many ids as a URL safely holds. */
export const mostIds = 100;

const listed = z.object({ results: z.array(z.unknown()) });
const identified = z.looseObject({ id: z.string() });

/** @returns the parsed list, or a ReadFailure where the API answered something else */
function parseList(body: unknown, path: string): unknown[] {
  const parsed = listed.safeParse(body);
  if (!parsed.success) throw new ReadFailure('unavailable', `commercetools answered ${path} in an unknown shape`);
  return parsed.data.results;
}

/** @yields pages in id order; ends after the first short one. Rejects with a ReadFailure. */
export async function* walk(
  client: CommercetoolsClient,
  { resource, where, ids, after, from, pageSize = mostRecords }: Walk,
): AsyncGenerator<Page> {
  if (ids) {
    yield* walkIds(client, resource, ids);
    return;
  }
  let last = after;
  for (;;) {
    const records = parseList(await client.get(resource, pageQuery({ where, from, last, pageSize })), resource);
    if (records.length > 0) {
      last = lastIdOf(records, resource);
      yield { records, last };
    }
    if (records.length < pageSize) return;
  }
}

function pageQuery({
  where,
  from,
  last,
  pageSize,
}: Record<'where' | 'from' | 'last', string | undefined> & { pageSize: number }): Query {
  const bounds = [where, last === undefined ? undefined : 'id > :last', from === undefined ? undefined : 'id >= :from'];
  return {
    limit: pageSize,
    withTotal: false,
    sort: 'id asc',
    where: bounds.filter((bound) => bound !== undefined),
    ...(last === undefined ? {} : { 'var.last': last }),
    ...(from === undefined ? {} : { 'var.from': from }),
  };
}

function lastIdOf(records: readonly unknown[], path: string): string {
  const last = identified.safeParse(records.at(-1));
  if (!last.success) throw new ReadFailure('unavailable', `commercetools listed ${path} without ids`);
  return last.data.id;
}

async function* walkIds(
  client: CommercetoolsClient,
  resource: BulkResource,
  ids: readonly string[],
): AsyncGenerator<Page> {
  for (let start = 0; start < ids.length; start += mostIds) {
    const chunk = ids.slice(start, start + mostIds);
    const records = await byField(client, { path: resource, field: 'id', values: chunk });
    yield { records, last: undefined, asked: chunk.length };
  }
}

export interface ByField {
  path: string;
  /** A field, or a nested predicate with `:values` in it. */
  field: string;
  values: readonly string[];
}

/** Every record whose field has one of the values: all pages of it. At most `mostIds` values. */
export async function byField(client: CommercetoolsClient, { path, field, values }: ByField): Promise<unknown[]> {
  const where = field.includes(':values') ? field : `${field} in :values`;
  const found: unknown[] = [];
  let last: string | undefined;
  for (;;) {
    const records = parseList(
      await client.get(path, {
        limit: mostRecords,
        withTotal: false,
        sort: 'id asc',
        where: last === undefined ? where : [where, 'id > :last'],
        'var.values': values,
        ...(last === undefined ? {} : { 'var.last': last }),
      }),
      path,
    );
    found.push(...records);
    if (records.length < mostRecords) return found;
    last = lastIdOf(records, path);
  }
}
