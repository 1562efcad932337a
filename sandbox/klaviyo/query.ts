/**
 * Query parameters that all listings share: pagination, sorting and sparse fieldsets.
 * https://developers.klaviyo.com/en/docs/api_overview (pagination, sorting, sparse fieldsets)
 */
import { invalid, invalidParameter, RequestError } from './errors.ts';

/** Decoded query parameters. A repeated parameter is a list. */
export type Query = Record<string, string | string[] | undefined>;

export type Listing<T> = {
  records: Iterable<T>;
  query: Query;
  /** Request path, used in the links. */
  path: string;
  origin: string;
  /** `fixed`: the endpoint rejects `page[size]`. */
  pageSize: { default: number; max: number | 'fixed' };
  /** Sort key by sort name. Ties are ordered by `seq`. The first entry is the default. */
  sorts: Record<string, (record: T) => string | number>;
  /** Sort order without a `sort` parameter; defaults to ascending. */
  defaultOrder?: 'ascending' | 'descending';
};

type Position = { key: string | number; seq: number };

/**
 * Returns one page of a listing and its links. The cursor holds the sort position of the last record, so deletions do
 * not shift pages.
 */
export function paginate<T extends { seq: number }>(listing: Listing<T>) {
  const size = pageSize(listing);
  const { keyOf, direction } = sortOf(listing);
  const after = cursorOf(listing.query);
  const position = (record: T): Position => ({ key: keyOf(record), seq: record.seq });
  const ordered = [...listing.records].sort((a, b) => direction * compare(position(a), position(b)));
  const rest =
    after === undefined ? ordered : ordered.filter((record) => direction * compare(position(record), after) > 0);
  const records = rest.slice(0, size);
  const last = rest.length > size ? records.at(-1) : undefined;
  const self = `${listing.origin}${listing.path}`;
  return {
    records,
    links: {
      self: `${self}${queryText(listing.query)}`,
      next:
        last === undefined
          ? null
          : `${self}${queryText({ ...listing.query, 'page[cursor]': cursorText(position(last)) })}`,
      prev: null,
    },
  };
}

/** Returns a parameter; the last value if it is repeated. */
export function parameter(query: Query, name: string): string | undefined {
  const value = query[name];
  return Array.isArray(value) ? value.at(-1) : value;
}

/** Splits a comma-separated parameter. Throws a RequestError for a value that is not allowed. */
export function listParameter(query: Query, name: string, allowed: readonly string[]): string[] {
  const values = parameter(query, name)?.split(',').filter(Boolean) ?? [];
  const wrong = values.find((value) => !allowed.includes(value));
  if (wrong !== undefined) throw new RequestError(invalidParameter(`${wrong} is not currently supported.`, name));
  return values;
}

/** Returns the attributes listed in `fields[type]`, in that order, or all if the parameter is absent. */
export function sparse(query: Query, type: string, attributes: Record<string, unknown>): Record<string, unknown> {
  const fields = parameter(query, `fields[${type}]`)?.split(',');
  if (fields === undefined) return attributes;
  const names = fields.map((field) => field.split('.', 1)[0] ?? field);
  return Object.fromEntries(names.filter((name) => name in attributes).map((name) => [name, attributes[name]]));
}

function pageSize<T>({ query, pageSize: sizes }: Listing<T>): number {
  const given = parameter(query, 'page[size]');
  if (given === undefined) return sizes.default;
  if (sizes.max === 'fixed') {
    const detail = 'page_size is not supported for this resource.';
    throw new RequestError(invalid(detail, '/data/attributes/page_size'));
  }
  const size = Number(given);
  if (Number.isInteger(size) && size >= 1 && size <= sizes.max) return size;
  throw new RequestError(invalidParameter(`Page size must be an integer between 1 and ${sizes.max}.`, 'page[size]'));
}

function sortOf<T>({ query, sorts, defaultOrder = 'ascending' }: Listing<T>) {
  const [first] = Object.values(sorts);
  const given = parameter(query, 'sort');
  const keyOf = given === undefined ? first : sorts[given.replace(/^-/, '')];
  if (keyOf === undefined) throw new RequestError(invalidParameter(`Sorting by ${given} is not supported.`, 'sort'));
  const descending = given === undefined ? defaultOrder === 'descending' : given.startsWith('-');
  return { keyOf, direction: descending ? -1 : 1 };
}

function compare(a: Position, b: Position): number {
  if (a.key === b.key) return a.seq - b.seq;
  return a.key < b.key ? -1 : 1;
}

function cursorText({ key, seq }: Position): string {
  return Buffer.from(JSON.stringify([key, seq])).toString('base64url');
}

function cursorOf(query: Query): Position | undefined {
  const text = parameter(query, 'page[cursor]');
  if (text === undefined || text === '') return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (
      Array.isArray(parsed) &&
      (typeof parsed[0] === 'string' || typeof parsed[0] === 'number') &&
      typeof parsed[1] === 'number'
    ) {
      return { key: parsed[0], seq: parsed[1] };
    }
  } catch {
    // Invalid cursors are rejected below.
  }
  throw new RequestError(invalidParameter('Not a cursor of this listing.', 'page[cursor]'));
}

/** Formats a query as it was sent, with its `?`. */
export function queryText(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const entry of Array.isArray(value) ? value : [value]) if (entry !== undefined) search.append(name, entry);
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
