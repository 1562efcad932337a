/** Reading JSON that somebody else wrote: nothing is trusted, what is absent is undefined. */

export type JsonObject = { readonly [name: string]: unknown };

/** What every commercetools resource carries. */
export interface ApiRecord {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
}

/** True for a JSON object, false for lists, null and plain values. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The named field of an object; undefined when the value is not an object or lacks it. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The field when it is a text. */
export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

/** The field when it is a number. */
export function numberField(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === 'number' ? found : undefined;
}

/** The field when it is a list, otherwise an empty list. */
export function listField(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}

/** Follows a path of field names. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce(field, value);
}

/** True for anything that has the four fields of every resource. */
export function isRecord(value: unknown): value is ApiRecord & JsonObject {
  return (
    textField(value, 'id') !== undefined &&
    numberField(value, 'version') !== undefined &&
    textField(value, 'createdAt') !== undefined &&
    textField(value, 'lastModifiedAt') !== undefined
  );
}
