/**
 * Query parameters of collections: `where` with variables, repeated `sort`, `limit`, `offset`, `withTotal`, `expand`.
 */

import type { CommercetoolsBehaviours } from './behaviours.ts';
import { expand } from './expand.ts';
import { type Fields, fieldIn } from './field-shapes.ts';
import { field } from './json.ts';
import { PredicateError } from './predicate-tokens.ts';
import { compilePredicate, type Matcher } from './predicates.ts';
import { queryableFields } from './queryable-fields.ts';
import type { Records } from './records.ts';
import { type HttpResponse, invalidInput, ok } from './responses.ts';

/** Limits: https://docs.commercetools.com/api/general-concepts#paging */
const MAX_PER_PAGE = 500;
const DEFAULT_PER_PAGE = 20;
const MAX_OFFSET = 10_000;
const MAX_TOTAL = 10_000;

/** The collection that is queried. */
export interface QueriedCollection {
  readonly typeId: string;
  readonly records: Records;
  readonly behaviours: Pick<CommercetoolsBehaviours, 'lowercaseEmail' | 'repeatedWhere' | 'inventedIdBound'>;
}

/** Returns one page of the rows, which must be in id order. */
export function queryPage(
  collection: QueriedCollection,
  rows: Iterable<unknown>,
  query: URLSearchParams,
): HttpResponse {
  const { records } = collection;
  const limit = parseInteger(query.get('limit'), DEFAULT_PER_PAGE);
  const offset = parseInteger(query.get('offset'), 0);
  if (limit === undefined || limit > MAX_PER_PAGE)
    return malformed('limit', query.get('limit'), `0 to ${MAX_PER_PAGE}`);
  if (offset === undefined || offset > MAX_OFFSET)
    return malformed('offset', query.get('offset'), `0 to ${MAX_OFFSET}`);
  const matches = predicate(collection, query);
  if (typeof matches === 'string') return invalidInput(`Malformed parameter: where: ${matches}`);
  const sorts = query.getAll('sort').map(sortOf);
  if (sorts.includes(undefined)) return invalidInput(`Malformed parameter: sort: '${query.getAll('sort').join(', ')}'`);
  const unknownSort = sorts.find((sort) => sort !== undefined && !isSortable(fieldsOf(collection), sort.path));
  if (unknownSort !== undefined) {
    return invalidInput(`Malformed parameter: sort: The field '${unknownSort.path.join('.')}' does not exist.`);
  }
  const withTotal = query.get('withTotal') !== 'false';
  const inOrder = sorts.filter((sort) => sort !== undefined);
  const needed = withTotal || !isIdOrder(inOrder) ? Number.POSITIVE_INFINITY : offset + limit;
  const found = sorted(findMatching(rows, matches, needed), inOrder);
  const results = found.slice(offset, offset + limit).map((row) => expand(records, row, query.getAll('expand')));
  const total = query.has('where') ? Math.min(found.length, MAX_TOTAL) : found.length;
  return ok({ limit, offset, count: results.length, ...(withTotal ? { total } : {}), results });
}

function findMatching(rows: Iterable<unknown>, matches: Matcher, max: number): unknown[] {
  const found: unknown[] = [];
  for (const row of rows) {
    if (found.length >= max) break;
    if (matches(row)) found.push(row);
  }
  return found;
}

function fieldsOf({ typeId, behaviours }: QueriedCollection): Fields {
  const fields = queryableFields[typeId] ?? 'any';
  if (typeId !== 'customer' || typeof fields === 'string' || behaviours.lowercaseEmail === 'queryable') return fields;
  const { lowercaseEmail: _, ...known } = fields;
  return known;
}

function predicate(collection: QueriedCollection, query: URLSearchParams): Matcher | string {
  const { typeId, records, behaviours } = collection;
  const names = new Set([...query.keys()].filter((name) => name.startsWith('var.')));
  const variables = new Map([...names].map((name) => [name.slice('var.'.length), query.getAll(name)]));
  try {
    const acceptsIdBound = (id: unknown) => behaviours.inventedIdBound === 'accepted' || records.everHad(typeId, id);
    const context = { variables, fields: fieldsOf(collection), acceptsIdBound };
    const compiled = query.getAll('where').map((where) => compilePredicate(where, context));
    const all = behaviours.repeatedWhere === 'last' ? compiled.slice(-1) : compiled;
    return (record) => all.every((matches) => matches(record));
  } catch (error) {
    if (error instanceof PredicateError) return error.message;
    throw error;
  }
}

interface Sort {
  readonly path: readonly string[];
  readonly sign: 1 | -1;
}

function sortOf(expression: string): Sort | undefined {
  const match = /^([\w.-]+)(?:\s+(asc|desc))?$/i.exec(expression.trim());
  if (match?.[1] === undefined) return undefined;
  return { path: match[1].split('.'), sign: match[2]?.toLowerCase() === 'desc' ? -1 : 1 };
}

function isSortable(fields: Fields, path: readonly string[]): boolean {
  return path.reduce<Fields | undefined>((inner, name) => inner && fieldIn(inner, name), fields) !== undefined;
}

function isIdOrder(sorts: readonly Sort[]): boolean {
  const [first] = sorts;
  return first === undefined || (first.path.join('.') === 'id' && first.sign === 1);
}

function sorted(rows: unknown[], sorts: readonly Sort[]): unknown[] {
  if (isIdOrder(sorts)) return rows;
  return rows.sort((a, b) => {
    for (const { path, sign } of sorts) {
      const difference = compare(path.reduce(field, a), path.reduce(field, b));
      if (difference !== 0) return sign * difference;
    }
    return 0;
  });
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a ?? ''), String(b ?? '')];
  return left === right ? 0 : left < right ? -1 : 1;
}

function parseInteger(text: string | null, fallback: number): number | undefined {
  if (text === null) return fallback;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function malformed(name: string, value: string | null, range: string): HttpResponse {
  return invalidInput(`Malformed parameter: ${name}: ${value} is not in the range ${range}.`);
}
