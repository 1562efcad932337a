/**
 * Parses and evaluates Klaviyo's filter language: `equals(email,"a@b.c")`, `any(ids,['x','y'])`, joined by commas or
 * `and(…)`. https://developers.klaviyo.com/en/docs/filtering_
 */
import { invalidParameter, RequestError } from './errors.ts';

export type Scalar = string | number | boolean;
export type Filter = { operator: string; field: string; values: Scalar[] };

/** Maximum number of values in one `any` filter. */
const maxAnyValues = 100;

/**
 * Parses a `filter` parameter. `allowed` maps each field to its operators, such as `{ email: ['any', 'equals'] }`.
 * Throws a RequestError (400, parameter `filter`) for anything else.
 */
export function parseFilter(text: string | undefined, allowed: Record<string, readonly string[]>): Filter[] {
  if (text === undefined || text === '') return [];
  const reader = createReader(text);
  const filters = readList(reader);
  if (!reader.done()) reader.fail();
  for (const { operator, field, values } of filters) {
    if (!Object.hasOwn(allowed, field)) throw invalidFilter(`Filtering by ${field} is not supported.`);
    if (!allowed[field]?.includes(operator)) throw invalidFilter(`${operator} is not supported for ${field}.`);
    if (values.length > maxAnyValues)
      throw invalidFilter(`${values.length} values; at most ${maxAnyValues} are allowed.`);
  }
  return filters;
}

/**
 * Returns whether a value matches a filter. Compares numbers by value and strings as dates. Callers lowercase e-mail
 * addresses.
 */
export function passes(filter: Filter, value: Scalar | null | undefined): boolean {
  const [operand] = filter.values;
  if (value === null || value === undefined || operand === undefined) return false;
  if (filter.operator === 'equals' || filter.operator === 'any') return filter.values.includes(value);
  if (filter.operator === 'contains') return String(value).toLowerCase().includes(String(operand).toLowerCase());
  const [left, right] = [orderOf(value), orderOf(operand)];
  if (filter.operator === 'greater-than') return left > right;
  if (filter.operator === 'greater-or-equal') return left >= right;
  if (filter.operator === 'less-than') return left < right;
  return left <= right;
}

function orderOf(value: Scalar): number {
  return typeof value === 'string' ? Date.parse(value) : Number(value);
}

type Reader = ReturnType<typeof createReader>;

function createReader(text: string) {
  let at = 0;
  const reader = {
    done: () => at >= text.length,
    fail(): never {
      throw invalidFilter(`Not a filter from character ${at + 1} on.`);
    },
    /** Consumes the match of a sticky pattern after whitespace, or returns undefined. */
    take(pattern: RegExp): string | undefined {
      while (text[at] === ' ') at += 1;
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) return undefined;
      at = pattern.lastIndex;
      return match[0];
    },
    expect(pattern: RegExp): string {
      return reader.take(pattern) ?? reader.fail();
    },
  };
  return reader;
}

function readList(reader: Reader): Filter[] {
  const filters = readFilter(reader);
  while (reader.take(/,/y) !== undefined) filters.push(...readFilter(reader));
  return filters;
}

function readFilter(reader: Reader): Filter[] {
  const operator = reader.expect(/[a-z-]+/y);
  reader.expect(/\(/y);
  if (operator === 'and') {
    const filters = readList(reader);
    reader.expect(/\)/y);
    return filters;
  }
  const field = reader.expect(/[\w.]+/y);
  reader.expect(/,/y);
  const values = operator === 'any' ? readArray(reader) : [readScalar(reader)];
  reader.expect(/\)/y);
  return [{ operator, field, values }];
}

function readArray(reader: Reader): Scalar[] {
  reader.expect(/\[/y);
  const values: Scalar[] = [];
  if (reader.take(/\]/y) !== undefined) return values;
  do values.push(readScalar(reader));
  while (reader.take(/,/y) !== undefined);
  reader.expect(/\]/y);
  return values;
}

function readScalar(reader: Reader): Scalar {
  const quoted = reader.take(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y);
  if (quoted !== undefined) return quoted.slice(1, -1).replace(/\\(.)/g, '$1');
  const bare = reader.expect(/[^,()[\]\s]+/y);
  if (bare === 'true' || bare === 'false') return bare === 'true';
  return /^-?\d+(\.\d+)?$/.test(bare) ? Number(bare) : bare;
}

function invalidFilter(detail: string): RequestError {
  return new RequestError(invalidParameter(detail, 'filter'));
}
