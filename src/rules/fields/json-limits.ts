/**
 * Cuts free-form JSON down to Klaviyo's limits. A warning names every property that was shortened or left out.
 * https://developers.klaviyo.com/en/reference/events_api_overview#limitations
 */
import type { JsonObject, JsonValue, Warning } from '../../klaviyo/change.ts';
import { isRecord } from '../../lib/json.ts';
import { cutText, maxTextBytes } from './text.ts';

const maxProperties = 400;
const maxArrayItems = 4_000;
/** Levels of objects and arrays. The properties themselves are the first. */
const maxLevels = 10;
/** Klaviyo accepts events of up to 5 MB. Profile, metric and envelope need less than 100 KB of it. */
export const maxEventPropertiesBytes = 4_900_000;

export interface FitOptions {
  /** Names that are cut last, most valuable first. */
  keep: readonly string[];
  maxBytes: number;
}

export interface FittedProperties {
  properties: JsonObject;
  warnings: Warning[];
}

/**
 * Converts any JSON to properties that Klaviyo accepts. Beyond a limit it cuts the least valuable properties first:
 * those that `keep` does not name from the last to the first, then those of `keep` from the last to the first.
 */
export function fitProperties(record: Record<string, unknown>, { keep, maxBytes }: FitOptions): FittedProperties {
  if (fitsUnchanged(record, maxBytes)) return { properties: record, warnings: [] };
  const traversal: Traversal = { cut: new Set(), name: '', bytes: 2 };
  const fitted = new Map<string, JsonValue>();
  for (const [key, value] of Object.entries(record)) {
    traversal.name = cutText(key);
    const json = fitValue(value, { traversal, level: 2 });
    if (json === undefined || traversal.name === '') continue;
    traversal.bytes += roughBytes(traversal.name);
    fitted.set(traversal.name, json);
  }
  dropBeyondCount(fitted, { keep, cut: traversal.cut });
  if (traversal.bytes > maxBytes) dropBeyondBytes(fitted, { keep, maxBytes, cut: traversal.cut });
  return { properties: Object.fromEntries(fitted), warnings: warningsOf(traversal.cut) };
}

/** The usual case, in which nothing has to be copied. */
function fitsUnchanged(record: Record<string, unknown>, maxBytes: number): record is JsonObject {
  const budget = { bytes: maxBytes };
  const isSmall = Object.keys(record).length <= maxProperties && !Object.hasOwn(record, '');
  return isSmall && fits(record, 1, budget) && budget.bytes > 0;
}

/**
 * Returns whether a value needs no cut, and subtracts an upper bound of its bytes as JSON from the budget. Its loops
 * allocate nothing: with lists of entries this was a quarter of all memory that the message of an order took.
 */
function fits(value: unknown, level: number, budget: { bytes: number }): boolean {
  switch (typeof value) {
    case 'string':
      budget.bytes -= roughBytes(value);
      return value.length < shortText && value.isWellFormed();
    case 'number':
      budget.bytes -= 25;
      return Number.isFinite(value);
    case 'boolean':
      budget.bytes -= 6;
      return true;
    case 'object':
      budget.bytes -= 5;
      if (value === null) return true;
      if (level > maxLevels) return false;
      if (Array.isArray(value)) return listFits(value, level, budget);
      return isRecord(value) && recordFits(value, level, budget);
    default:
      return false;
  }
}

function recordFits(record: Readonly<Record<string, unknown>>, level: number, budget: { bytes: number }): boolean {
  for (const key in record) if (!fits(key, level, budget) || !fits(record[key], level + 1, budget)) return false;
  return true;
}

function listFits(list: readonly unknown[], level: number, budget: { bytes: number }): boolean {
  if (list.length > maxArrayItems) return false;
  for (const item of list) if (!fits(item, level + 1, budget)) return false;
  return true;
}

/** A text with fewer UTF-16 units than this is below every limit in bytes. */
const shortText = 33_000;

/** State of a traversal: cut properties, the current top-level name, and an upper bound of the size in bytes. */
interface Traversal {
  cut: Set<string>;
  name: string;
  bytes: number;
}
interface TraversalPosition {
  traversal: Traversal;
  level: number;
}

function fitValue(value: unknown, position: TraversalPosition): JsonValue | undefined {
  const { traversal } = position;
  switch (typeof value) {
    case 'string':
      return fitText(value, traversal);
    case 'number':
      traversal.bytes += 25;
      return Number.isFinite(value) ? value : undefined;
    case 'boolean':
      traversal.bytes += 6;
      return value;
    case 'object':
      traversal.bytes += 5;
      return value === null ? null : fitContainer(value, position);
    default:
      return undefined;
  }
}

function fitText(text: string, traversal: Traversal): string {
  const fitted = cutText(text, maxTextBytes);
  if (fitted.length < text.length) traversal.cut.add(traversal.name);
  traversal.bytes += roughBytes(fitted);
  return fitted;
}

function fitContainer(value: object, { traversal, level }: TraversalPosition): JsonValue | undefined {
  if (level > maxLevels) {
    traversal.cut.add(traversal.name);
    return undefined;
  }
  const below = { traversal, level: level + 1 };
  if (Array.isArray(value)) {
    if (value.length > maxArrayItems) traversal.cut.add(traversal.name);
    // Items without a value become null, so that the others keep their index.
    return value.slice(0, maxArrayItems).map((item) => fitValue(item, below) ?? null);
  }
  const entries: [string, JsonValue][] = [];
  for (const [key, child] of Object.entries(value)) {
    const json = fitValue(child, below);
    traversal.bytes += roughBytes(key);
    if (json !== undefined) entries.push([cutText(key), json]);
  }
  return Object.fromEntries(entries);
}

/** Returns an upper bound: JSON needs at most six bytes for a UTF-16 unit, and four more around a text. */
function roughBytes(text: string): number {
  return text.length * 6 + 4;
}

interface DropOptions {
  keep: readonly string[];
  cut: Set<string>;
}

function dropBeyondCount(fitted: Map<string, JsonValue>, { keep, cut }: DropOptions): void {
  for (const name of leastValuableFirst(fitted, keep)) {
    if (fitted.size <= maxProperties) return;
    fitted.delete(name);
    cut.add(name);
  }
}

function dropBeyondBytes(fitted: Map<string, JsonValue>, { keep, cut, maxBytes }: DropOptions & { maxBytes: number }) {
  // Smaller properties are kept: even 400 of them fill at most half of the limit.
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

function entryBytes(name: string, value: JsonValue): number {
  return jsonBytes(name) + jsonBytes(value) + 2;
}

function leastValuableFirst(fitted: Map<string, JsonValue>, keep: readonly string[]): string[] {
  const plain = [...fitted.keys()].filter((name) => !keep.includes(name)).reverse();
  const kept = keep.filter((name) => fitted.has(name)).reverse();
  return [...plain, ...kept];
}

/** Returns as many items of a list as fit, or undefined for any other value. */
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

export function jsonBytes(value: JsonValue): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function warningsOf(cut: ReadonlySet<string>): Warning[] {
  if (cut.size === 0) return [];
  const named = [...cut].slice(0, 10).map((name) => name.slice(0, 100).toWellFormed());
  const rest = cut.size > named.length ? ` and ${cut.size - named.length} more` : '';
  return [{ code: 'properties_cut', detail: `shortened or left out for Klaviyo's limits: ${named.join(', ')}${rest}` }];
}
