/**
 * Free-form JSON within Klaviyo's limits. Nothing is refused silently: what is cut is named.
 * https://developers.klaviyo.com/en/reference/events_api_overview#limitations
 */
import type { JsonObject, JsonValue, Warning } from '../../klaviyo/change.ts';
import { cutText, maxTextBytes } from './text.ts';

const maxProperties = 400;
const maxArrayItems = 4_000;
/** Levels of objects and arrays, the properties themselves being the first. */
const maxLevels = 10;
/** An event takes 5 MB with its profile, metric and envelope; those need less than 100 KB. */
export const maxEventPropertiesBytes = 4_900_000;

export interface Fitting {
  /** Names that are cut last, the most valuable first. */
  keep: readonly string[];
  /** Of the properties as JSON. */
  maxBytes: number;
}

export interface Fitted {
  properties: JsonObject;
  warnings: Warning[];
}

/**
 * Makes properties that Klaviyo takes from anything that came as JSON. What exceeds a limit is cut from the least
 * valuable end: unnamed properties from the last to the first, then the kept ones from the last to the first.
 */
export function fitProperties(record: Record<string, unknown>, { keep, maxBytes }: Fitting): Fitted {
  if (fitsAsItIs(record, maxBytes)) return { properties: record, warnings: [] };
  const walk: Walk = { cut: new Set(), name: '', bytes: 2 };
  const fitted = new Map<string, JsonValue>();
  for (const [key, value] of Object.entries(record)) {
    walk.name = cutText(key);
    const json = fitValue(value, { walk, level: 2 });
    if (json === undefined || walk.name === '') continue;
    walk.bytes += roughBytes(walk.name);
    fitted.set(walk.name, json);
  }
  dropBeyondCount(fitted, { keep, cut: walk.cut });
  if (walk.bytes > maxBytes) dropBeyondBytes(fitted, { keep, maxBytes, cut: walk.cut });
  return { properties: Object.fromEntries(fitted), warnings: warningsOf(walk.cut) };
}

/** An upper bound of a value's bytes as JSON, without writing it. */
export function maxJsonBytes(value: JsonValue): number {
  if (typeof value === 'string') return roughBytes(value);
  if (typeof value !== 'object' || value === null) return 25;
  return Object.entries(value).reduce((sum, [key, child]) => sum + roughBytes(key) + maxJsonBytes(child), 5);
}

/** Nearly everything does: then nothing is copied. */
export function fitsAsItIs(record: Record<string, unknown>, maxBytes: number): record is JsonObject {
  const names = Object.keys(record);
  if (names.length > maxProperties) return false;
  const room = { bytes: maxBytes - 2 };
  return names.every((name) => isShort(name, room) && name !== '' && fits(record[name], 2, room)) && room.bytes > 0;
}

/** Short enough as a text or a name; counts its bytes. */
function isShort(text: string, room: { bytes: number }): boolean {
  room.bytes -= roughBytes(text);
  return text.length < shortText && text.isWellFormed();
}

/** A text of so many UTF-16 units is below every limit in bytes. */
const shortText = 33_000;

function fits(value: unknown, level: number, room: { bytes: number }): boolean {
  switch (typeof value) {
    case 'string':
      return isShort(value, room);
    case 'number':
      room.bytes -= 25;
      return Number.isFinite(value);
    case 'boolean':
      room.bytes -= 6;
      return true;
    case 'object':
      room.bytes -= 5;
      if (value === null) return true;
      if (level > maxLevels) return false;
      return Array.isArray(value) ? itemsFit(value, level + 1, room) : fieldsFit(value, level + 1, room);
    default:
      return false;
  }
}

// Plain loops: each event of each order comes through here.
function itemsFit(items: readonly unknown[], level: number, room: { bytes: number }): boolean {
  if (items.length > maxArrayItems) return false;
  for (const item of items) if (!fits(item, level, room)) return false;
  return true;
}

function fieldsFit(record: object, level: number, room: { bytes: number }): boolean {
  // Without a list of keys, which would be made and thrown away for each object.
  if (!isRecord(record)) return false;
  for (const key in record) {
    if (!isShort(key, room) || !fits(record[key], level, room)) return false;
  }
  return true;
}

function isRecord(value: object): value is Record<string, unknown> {
  return !Array.isArray(value);
}

/** The state of one walk: what was cut, the top-level name under way, and an upper bound of the size. */
interface Walk {
  cut: Set<string>;
  name: string;
  bytes: number;
}
interface Place {
  walk: Walk;
  level: number;
}

function fitValue(value: unknown, place: Place): JsonValue | undefined {
  const { walk } = place;
  switch (typeof value) {
    case 'string':
      return fitText(value, walk);
    case 'number':
      walk.bytes += 25;
      return Number.isFinite(value) ? value : undefined;
    case 'boolean':
      walk.bytes += 6;
      return value;
    case 'object':
      walk.bytes += 5;
      return value === null ? null : fitContainer(value, place);
    default:
      return undefined;
  }
}

function fitText(text: string, walk: Walk): string {
  const fitted = cutText(text, maxTextBytes);
  if (fitted.length < text.length) walk.cut.add(walk.name);
  walk.bytes += roughBytes(fitted);
  return fitted;
}

function fitContainer(value: object, { walk, level }: Place): JsonValue | undefined {
  if (level > maxLevels) {
    walk.cut.add(walk.name);
    return undefined;
  }
  const below = { walk, level: level + 1 };
  if (Array.isArray(value)) {
    if (value.length > maxArrayItems) walk.cut.add(walk.name);
    // A place that can't be filled stays, so that the others keep theirs.
    return value.slice(0, maxArrayItems).map((item) => fitValue(item, below) ?? null);
  }
  const entries: [string, JsonValue][] = [];
  for (const [key, child] of Object.entries(value)) {
    const json = fitValue(child, below);
    walk.bytes += roughBytes(key);
    if (json !== undefined) entries.push([cutText(key), json]);
  }
  return Object.fromEntries(entries);
}

/** An upper bound: JSON writes a UTF-16 unit in at most six bytes, and four more around a text. */
function roughBytes(text: string): number {
  return text.length * 6 + 4;
}

interface Dropping {
  keep: readonly string[];
  cut: Set<string>;
}

function dropBeyondCount(fitted: Map<string, JsonValue>, { keep, cut }: Dropping): void {
  for (const name of leastValuableFirst(fitted, keep)) {
    if (fitted.size <= maxProperties) return;
    fitted.delete(name);
    cut.add(name);
  }
}

function dropBeyondBytes(fitted: Map<string, JsonValue>, { keep, cut, maxBytes }: Dropping & { maxBytes: number }) {
  // What is this small is not worth losing: all properties together would fill half of the room.
  const small = maxBytes / maxProperties / 2;
  let excess = jsonBytes(Object.fromEntries(fitted)) - maxBytes;
  for (const name of leastValuableFirst(fitted, keep)) {
    if (excess <= 0) return;
    const value = fitted.get(name) ?? null;
    const bytes = entryBytes(name, value);
    if (bytes < small) continue;
    cut.add(name);
    const rest = keep.includes(name) ? shortened(value, jsonBytes(value) - excess) : undefined;
    if (rest === undefined) fitted.delete(name);
    else fitted.set(name, rest);
    excess -= bytes - (rest === undefined ? 0 : entryBytes(name, rest));
  }
}

/** With its colon and comma. */
function entryBytes(name: string, value: JsonValue): number {
  return jsonBytes(name) + jsonBytes(value) + 2;
}

function leastValuableFirst(fitted: Map<string, JsonValue>, keep: readonly string[]): string[] {
  const plain = [...fitted.keys()].filter((name) => !keep.includes(name)).reverse();
  const kept = keep.filter((name) => fitted.has(name)).reverse();
  return [...plain, ...kept];
}

/** As many items of a list as fit; anything else goes whole. */
function shortened(value: JsonValue, maxBytes: number): JsonValue | undefined {
  if (!Array.isArray(value)) return undefined;
  let bytes = 2;
  let items = 0;
  for (const item of value) {
    bytes += jsonBytes(item) + 1;
    if (bytes > maxBytes) break;
    items += 1;
  }
  return items === 0 ? undefined : value.slice(0, items);
}

/** Bytes of a value as JSON in UTF-8. */
export function jsonBytes(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function warningsOf(cut: ReadonlySet<string>): Warning[] {
  if (cut.size === 0) return [];
  const named = [...cut].slice(0, 10).map((name) => name.slice(0, 100).toWellFormed());
  const more = cut.size > named.length ? ` and ${cut.size - named.length} more` : '';
  return [{ code: 'properties_cut', detail: `shortened or left out for Klaviyo's limits: ${named.join(', ')}${more}` }];
}
