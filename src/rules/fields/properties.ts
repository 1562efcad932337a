/** The merchant's choice of top-level names: include, exclude, rename. */
import type { PropertyFilter } from '../settings.ts';

/** Whether the merchant wants this top-level name: an empty `include` means all, `exclude` wins. */
export function passes(name: string, filter: PropertyFilter): boolean {
  if (filter.exclude.includes(name)) return false;
  return filter.include.length === 0 || filter.include.includes(name);
}

/** What is left of a record, and which of its names `map` made. */
export interface Filtered {
  properties: Record<string, unknown>;
  renamed: ReadonlySet<string>;
}

/** The record's top-level fields that are there and wanted, under the names that the merchant gave them. */
export function filtered(record: Record<string, unknown>, filter: PropertyFilter): Filtered {
  if (passesAsItIs(record, filter)) return { properties: record, renamed: none };
  const wanted = Object.keys(record).filter((name) => isThere(record[name]) && passes(name, filter));
  const plain = wanted.filter((name) => newName(name, filter) === undefined);
  const renamed = wanted.flatMap((name): [string, unknown][] => {
    const given = newName(name, filter);
    return given === undefined ? [] : [[given, record[name]]];
  });
  return {
    // Renamed ones last: who renames a field to the name of another one means it.
    properties: Object.fromEntries([...plain.map((name) => [name, record[name]]), ...renamed]),
    renamed: new Set(renamed.map(([name]) => name)),
  };
}

const none: ReadonlySet<string> = new Set();

/** Nearly always: then nothing is copied. */
function passesAsItIs(record: Record<string, unknown>, filter: PropertyFilter): boolean {
  if (Object.keys(filter.map).length > 0) return false;
  for (const name in record) if (!isThere(record[name]) || !passes(name, filter)) return false;
  return true;
}

/** Absent, null and empty text are nothing; `false` and 0 are values. */
export function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function newName(name: string, { map }: PropertyFilter): string | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
