/** Type-safe access to untrusted JSON. Missing fields are undefined. */

export type JsonObject = { readonly [name: string]: unknown };

/** Fields of every commercetools resource. */
export interface ApiRecord {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly lastModifiedAt: string;
}

/** Returns whether a value is a JSON object (not an array or null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a field of an object; undefined if the value is not an object or lacks the field. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Returns the field if it is a string. */
export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

/** Returns the field if it is a number. */
export function numberField(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === 'number' ? found : undefined;
}

/** Returns the field if it is an array, otherwise an empty array. */
export function listField(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}

/** Returns the value at a path of field names. */
export function at(value: unknown, ...path: string[]): unknown {
  return path.reduce(field, value);
}

/** Returns whether a value has the four fields of every resource. */
export function isRecord(value: unknown): value is ApiRecord & JsonObject {
  return (
    textField(value, 'id') !== undefined &&
    numberField(value, 'version') !== undefined &&
    textField(value, 'createdAt') !== undefined &&
    textField(value, 'lastModifiedAt') !== undefined
  );
}
