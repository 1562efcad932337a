/** Comparison of field values with the values of a predicate. */

export type Compare = (actual: unknown, expected: unknown) => boolean;

const DATE_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Applies a test to a value, or to each element of a list until one passes. */
export function anyOf(actual: unknown, test: (value: unknown) => boolean): boolean {
  return Array.isArray(actual) ? actual.some(test) : test(actual);
}

/** Returns whether a field is absent or an empty list. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

export function isEqual(actual: unknown, expected: unknown): boolean {
  return compareValues(actual, coerce(actual, expected)) === 0;
}

export const isNotEqual: Compare = (actual, expected) => !isEqual(actual, expected);

export const OPERATORS: { readonly [sign: string]: Compare } = {
  '=': isEqual,
  '!=': isNotEqual,
  '<>': isNotEqual,
  '>': orderComparison((sign) => sign > 0),
  '<': orderComparison((sign) => sign < 0),
  '>=': orderComparison((sign) => sign >= 0),
  '<=': orderComparison((sign) => sign <= 0),
};

/** Converts a variable, which is always a string, to the type of the field. */
function coerce(actual: unknown, expected: unknown): unknown {
  if (typeof expected !== 'string') return expected;
  if (typeof actual === 'number') return Number(expected);
  if (typeof actual === 'boolean') return expected === 'true';
  return expected;
}

/**
 * Returns -1, 0 or 1, or undefined if the values are not comparable. Timestamps are compared as times, because
 * fractions are optional.
 */
function compareValues(actual: unknown, expected: unknown): number | undefined {
  if (actual === expected) return 0;
  if (typeof actual === 'number' && typeof expected === 'number') return Math.sign(actual - expected);
  if (typeof actual !== 'string' || typeof expected !== 'string') return undefined;
  if (DATE_TIME.test(expected) && DATE_TIME.test(actual)) return Math.sign(Date.parse(actual) - Date.parse(expected));
  return actual < expected ? -1 : 1;
}

function orderComparison(accepts: (sign: number) => boolean): Compare {
  return (actual, expected) => {
    const sign = compareValues(actual, coerce(actual, expected));
    return sign !== undefined && accepts(sign);
  };
}
