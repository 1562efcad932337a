/** Applies the property filter of the settings: include, exclude and rename top-level names. */
import type { PropertyFilter } from '../settings-fields.ts';

/** Returns whether a top-level name passes the filter. An empty `include` means all; `exclude` wins. */
export function passes(name: string, filter: PropertyFilter): boolean {
  if (filter.exclude.includes(name)) return false;
  return filter.include.length === 0 || filter.include.includes(name);
}

/** Filtered record, and the names that `map` renamed fields to. */
export interface Filtered {
  properties: Record<string, unknown>;
  renamed: ReadonlySet<string>;
}

/** Returns the record's top-level fields that have a value and pass the filter, renamed by `map`. */
export function filtered(record: Record<string, unknown>, filter: PropertyFilter): Filtered {
  if (passesUnchanged(record, filter)) return { properties: record, renamed: none };
  const passing = Object.keys(record).filter((name) => hasValue(record[name]) && passes(name, filter));
  const plain = passing.filter((name) => newName(name, filter) === undefined);
  const renamed = passing.flatMap((name): [string, unknown][] => {
    const mapped = newName(name, filter);
    return mapped === undefined ? [] : [[mapped, record[name]]];
  });
  return {
    // Renamed fields come last and win over fields of the same name.
    properties: Object.fromEntries([...plain.map((name) => [name, record[name]]), ...renamed]),
    renamed: new Set(renamed.map(([name]) => name)),
  };
}

const none: ReadonlySet<string> = new Set();

/** The usual case, in which nothing has to be copied. */
function passesUnchanged(record: Record<string, unknown>, filter: PropertyFilter): boolean {
  if (Object.keys(filter.map).length > 0) return false;
  for (const name in record) if (!hasValue(record[name]) || !passes(name, filter)) return false;
  return true;
}

/** Returns false for absent, null and empty text. `false` and 0 are values. */
export function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Returns the name under which a field is sent. */
export function propertyName(name: string, filter: PropertyFilter): string {
  return newName(name, filter) ?? name;
}

function newName(name: string, { map }: PropertyFilter): string | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
